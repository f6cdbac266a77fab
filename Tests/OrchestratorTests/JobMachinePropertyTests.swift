// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import TestSupport
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(5))) struct JobMachinePropertyTests {
    /// The seed of all tests of the suite.
    private static let seed = SeededGenerator(for: "JobMachinePropertyTests").seed

    private func expectLegal(_ machine: JobMachine) {
        let isIdle = machine.state == .queued || machine.state.isTerminal
        #expect(machine.work.isEmpty == isIdle, "\(machine.phase) \(machine.work)")
        #expect(machine.progress.done <= machine.progress.total)
        #expect((0...1).contains(machine.progress.fraction))
        #expect((machine.state == .finished) == (machine.view.videoURL != nil))
        #expect((machine.state == .error) == (machine.view.error != nil))
        let recounted = SegmentTally(machine.segments)
        #expect(
            machine.tally.withoutStill == recounted.withoutStill && machine.tally.inProgress == recounted.inProgress)
        #expect(machine.tally.hasAllClips == recounted.hasAllClips)
        #expect(machine.tally.steps == recounted.steps)
        #expect(machine.receipt.stages.allSatisfy { $0.seconds >= 0 })
        #expect(machine.attempts.allSatisfy { $0.startedAt <= $0.endedAt ?? $0.startedAt })
        let drawing = machine.work.count { if case .still = $0 { true } else { false } }
        #expect(drawing <= machine.spec.options.imageConcurrency ?? 2)
        #expect(machine.segments.allSatisfy { $0.maker != .lead || $0.still == nil })
    }

    @Test
    func `any sequence of events leads to a legal state that replays to the same job`() throws {
        var random = RandomJobEvents(seed: Self.seed)
        for number in 0..<200 {
            random.stitchBackend = [nil, .local, .mediaconvert][number % 3]
            let spec = JobSpec(
                jobID: "j", userID: "u", sessionID: "s", entry: random.entry(), options: random.options())
            var machine = JobMachine(spec: spec, createdAt: Timestamp(milliseconds: 0))
            var events: [RecordedEvent] = []
            var now: Int64 = 0
            for number in 0..<80 {
                let startedAt = Timestamp(milliseconds: now)
                now = random.time(after: now)
                let first: [JobEvent] = [
                    .started, .loaded(JobMachineFixture.plan(4, stitchBackend: random.stitchBackend)),
                    .leadFailed(random.error(), startedAt: startedAt),
                ]
                let event = number < 3 ? first[number] : random.event(startedAt)
                let stored = RecordedEvent(at: Timestamp(milliseconds: now), event: event)
                events.append(stored)
                let before = machine.updatedAt
                _ = machine.apply(event, at: stored.at)
                #expect(machine.updatedAt >= before)
                expectLegal(machine)
            }
            let row = JobRow(number: 1, spec: spec, createdAt: Timestamp(milliseconds: 0), state: .running)
            try expectSame(JobRunner.fold(row, events), machine)
            // The same events after encoding and decoding.
            let decoded = try events.map { stored in
                RecordedEvent(
                    at: stored.at, event: try EventFormat.decode(try EventFormat.encode(stored.event)))
            }
            try expectSame(JobRunner.fold(row, decoded), machine)
        }
    }

    /// Expects that a replayed job looks the same to clients.
    private func expectSame(_ replay: JobMachine, _ machine: JobMachine) throws {
        #expect(replay.phase.kind == machine.phase.kind)
        #expect(replay.work == machine.work)
        #expect(try JSONCoding.encode(replay.view) == JSONCoding.encode(machine.view))
        #expect(try JSONCoding.encode(replay.receipt) == JSONCoding.encode(machine.receipt))
    }

    @Test
    func `unexpected events never make a job pay for the same work twice`() {
        var random = RandomJobEvents(seed: Self.seed)
        for _ in 0..<100 {
            var machine = JobMachine(
                spec: JobSpec(jobID: "j", userID: "u", sessionID: "s", entry: .fallback, options: JobOptions()),
                createdAt: Timestamp(milliseconds: 0))
            _ = machine.apply(.started, at: Timestamp(milliseconds: 0))
            _ = machine.apply(.loaded(JobMachineFixture.plan(4)), at: Timestamp(milliseconds: 0))
            for _ in 0..<60 {
                let drawn = machine.segments.map { $0.still != nil }
                let event = random.event(Timestamp(milliseconds: 0))
                _ = machine.apply(event, at: Timestamp(milliseconds: 0))
                if case .retried = event { continue }
                for (index, wasDrawn) in drawn.enumerated() where wasDrawn {
                    #expect(!machine.work.contains { if case .still(index, _, _) = $0 { true } else { false } })
                }
            }
            let drawn = machine.attempts.count { $0.work == .still && $0.error == nil }
            let clips = machine.attempts.count { $0.work == .clip && $0.error == nil }
            #expect(machine.costs.understudy == USD(0.02) * drawn + USD(0.001) * clips)
        }
    }
}
