import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Testing

@testable import Orchestrator

@Suite struct JobMachinePropertyTests {
    /// A seed of its own in every run; a failure is repeated with `UNDERSTUDY_TEST_SEED`.
    private static let seed: UInt64 = {
        let seed = ProcessInfo.processInfo.environment["UNDERSTUDY_TEST_SEED"].flatMap(UInt64.init)
        return seed ?? UInt64.random(in: 0...UInt64.max)
    }()

    init() { print("JobMachinePropertyTests: UNDERSTUDY_TEST_SEED=\(Self.seed)") }

    private func expectLegal(_ machine: JobMachine) {
        let isIdle = machine.state == .queued || machine.state.isTerminal
        #expect(machine.work.isEmpty == isIdle, "\(machine.phase) \(machine.work)")
        #expect(machine.progress.done <= machine.progress.total)
        #expect((0...1).contains(machine.progress.fraction))
        #expect((machine.state == .finished) == (machine.view.videoURL != nil))
        #expect((machine.state == .error) == (machine.view.error != nil))
        let counted = SegmentTally(machine.segments)
        #expect(machine.tally.undrawn == counted.undrawn && machine.tally.inHand == counted.inHand)
        #expect(machine.tally.hasAllClips == counted.hasAllClips)
        #expect(machine.tally.steps == counted.steps)
        #expect(machine.receipt.stages.allSatisfy { $0.seconds >= 0 })
        #expect(machine.attempts.allSatisfy { $0.startedAt <= $0.endedAt ?? $0.startedAt })
        let drawing = machine.work.count { if case .still = $0 { true } else { false } }
        #expect(drawing <= machine.spec.options.imageConcurrency ?? 2)
        #expect(machine.segments.allSatisfy { $0.maker != .lead || $0.still == nil })
    }

    @Test("any order of events, repeated, late and under a clock that jumps, leads to a legal state")
    func anyOrder() throws {
        var dice = EventDice(seed: Self.seed)
        for number in 0..<200 {
            dice.stitchBackend = [nil, .local, .mediaconvert][number % 3]
            let spec = JobSpec(
                jobID: "j", userID: "u", sessionID: "s", entry: dice.entry(), options: dice.options())
            var machine = JobMachine(spec: spec, createdAt: Timestamp(milliseconds: 0))
            var events: [RecordedEvent] = []
            var now: Int64 = 0
            for number in 0..<80 {
                let startedAt = Timestamp(milliseconds: now)
                now = dice.moment(after: now)
                let first: [JobEvent] = [
                    .started, .loaded(MachineScene.plan(4, stitchBackend: dice.stitchBackend)),
                    .leadFailed(dice.error(), startedAt: startedAt),
                ]
                let event = number < 3 ? first[number] : dice.event(startedAt)
                let stored = RecordedEvent(at: Timestamp(milliseconds: now), event: event)
                events.append(stored)
                let before = machine.updatedAt
                _ = machine.apply(event, at: stored.at)
                #expect(machine.updatedAt >= before)
                expectLegal(machine)
            }
            let row = JobRow(number: 1, spec: spec, createdAt: Timestamp(milliseconds: 0), state: .running)
            try expectSame(JobRunner.fold(row, events), machine)
            // As they come back from the disk.
            let kept = try events.map { stored in
                RecordedEvent(
                    at: stored.at, event: try EventFormat.decode(try EventFormat.encode(stored.event)))
            }
            try expectSame(JobRunner.fold(row, kept), machine)
        }
    }

    /// Replaying the log gives the same job, as all others see it.
    private func expectSame(_ replay: JobMachine, _ machine: JobMachine) throws {
        #expect(replay.phase.kind == machine.phase.kind)
        #expect(replay.work == machine.work)
        #expect(try JSONCoding.encode(replay.view) == JSONCoding.encode(machine.view))
        #expect(try JSONCoding.encode(replay.receipt) == JSONCoding.encode(machine.receipt))
    }

    @Test("what a job is told while it waits for its work never makes it do the same work twice at a price")
    func paidOnce() {
        var dice = EventDice(seed: Self.seed)
        for _ in 0..<100 {
            var machine = JobMachine(
                spec: JobSpec(jobID: "j", userID: "u", sessionID: "s", entry: .fallback, options: JobOptions()),
                createdAt: Timestamp(milliseconds: 0))
            _ = machine.apply(.started, at: Timestamp(milliseconds: 0))
            _ = machine.apply(.loaded(MachineScene.plan(4)), at: Timestamp(milliseconds: 0))
            for _ in 0..<60 {
                let drawn = machine.segments.map { $0.still != nil }
                let event = dice.event(Timestamp(milliseconds: 0))
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
