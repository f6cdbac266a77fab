import Contracts
import JSONRPC
import Testing

@testable import Orchestrator

/// Events as they might come: of any kind, in any order, twice, late, and with a clock that jumps.
private struct EventDice {
    private var dice = SystemRandomNumberGenerator()

    mutating func moment(after now: Int64) -> Int64 {
        now + Int64.random(in: -1...20, using: &dice) * Int64.random(in: 0...1000, using: &dice)
    }

    mutating func options() -> JobOptions {
        var options = JobOptions()
        options.fallback = Bool.random(using: &dice) ? .segments : .whole
        options.onImageFailure = Bool.random(using: &dice) ? .card : .fail
        options.maxCost = Bool.random(using: &dice) ? USD(Double.random(in: 0...0.2, using: &dice)) : nil
        options.imageConcurrency = Int.random(in: 1...3, using: &dice)
        return options
    }

    mutating func entry() -> JobSpec.Entry {
        [JobSpec.Entry.chain, .lead, .fallback].randomElement(using: &dice) ?? .lead
    }

    mutating func error() -> ServiceError {
        let kind = ErrorKind.allCases.randomElement(using: &dice) ?? .internal
        return ServiceError(kind, "words", retryAfter: Bool.random(using: &dice) ? 2 : nil)
    }

    mutating func event(_ startedAt: Timestamp) -> JobEvent {
        // One more than there are.
        let index = Int.random(in: 0...4, using: &dice)
        let image = GeneratedImage(
            image: "i", width: 1, height: 1, mediaType: "m", provider: "p", model: "m", cost: USD(0.02), attempts: 1,
            cached: false)
        let clip = CreatedClip(
            clip: "c\(index)", duration: 1, frames: 1, width: 1, height: 1, fps: 30, bytes: 1, cost: USD(0.001),
            encodeTime: 0)
        let clips = (1...4).map { AgentClip(segmentID: "seg_\($0)", clip: "lead\($0)") }
        let some = clips.map(\.segmentID).filter { _ in Bool.random(using: &dice) }
        let choices: [JobEvent] = [
            .started, .agentSkipped(.agent2), .agentBegun(.agent4), .agentProgress(.agent2, fraction: 9, message: ""),
            .agentDone(.agent4, AgentResult(cost: USD(0.05)), startedAt: startedAt),
            .agentFailed(.agent2, error(), inputsExist: Bool.random(using: &dice), startedAt: startedAt),
            .loaded(MachineScene.plan(4)), .loadFailed(error()),
            .leadFailed(error(), startedAt: startedAt), .leadBarred(error()),
            .leadProgress(fraction: -1, message: ""),
            .leadDelivered(AgentResult(video: "v", cost: USD(0.1)), startedAt: startedAt),
            .leadDelivered(AgentResult(clips: clips, cost: USD(0.1)), startedAt: startedAt),
            .leadDelivered(AgentResult(), startedAt: startedAt), .leadLate(AgentResult(video: "late")),
            .leadFilmAccepted(video: "v", startedAt: startedAt, seconds: 59.7, warnings: ["w"]),
            .leadFilmCut(
                clips: clips.filter { some.contains($0.segmentID) }, bad: ["seg_1": error()], warnings: [],
                startedAt: startedAt),
            .leadClipsChecked(good: some, bad: ["seg_1": error()], startedAt: startedAt),
            .imageMade(segment: index, image: image, startedAt: startedAt),
            .imageMade(segment: index, image: image, startedAt: startedAt),
            .imageFailed(segment: index, error(), startedAt: startedAt),
            .clipMade(segment: index, clip: clip, startedAt: startedAt),
            .clipMade(segment: index, clip: clip, startedAt: startedAt),
            .clipFailed(segment: index, error(), startedAt: startedAt),
            .narrated(segment: index, startedAt: startedAt), .narrated(segment: index, startedAt: startedAt),
            .narrationFailed(segment: index, error(), startedAt: startedAt),
            .stitched(MachineScene.film, startedAt: startedAt), .stitchFailed(error(), startedAt: startedAt),
            .filmVerified(warnings: nil, startedAt: startedAt), .filmRejected(error(), startedAt: startedAt),
            .filmSpoiled(error(), startedAt: startedAt),
            .storeAway(error()), .storeBack, .cancelled, .retried(.failed), .retried(.all), .hedged, .hedged,
            .edited(["seg_\(index + 1)": SegmentEdit(prompt: "p", image: index == 0 ? "file:///own.png" : nil)]),
            .upgradeAsked(some, cost: USD(0.1)), .upgradeAsked(some, cost: USD(0.1)),
            .retried(.segments(some)), .settled(warning: nil), .settled(warning: nil),
        ]
        return choices.randomElement(using: &dice) ?? .cancelled
    }
}

@Suite struct JobMachinePropertyTests {
    private func expectLegal(_ machine: JobMachine) {
        let isIdle = machine.state == .queued || machine.state.isTerminal
        #expect(machine.work.isEmpty == isIdle, "\(machine.phase) \(machine.work)")
        #expect(machine.progress.done <= machine.progress.total)
        #expect((0...1).contains(machine.progress.fraction))
        #expect((machine.state == .finished) == (machine.view.videoURL != nil))
        #expect((machine.state == .error) == (machine.view.error != nil))
        let counted = SegmentTally(machine.segments)
        #expect(machine.tally.undrawn == counted.undrawn && machine.tally.inHand == counted.inHand)
        #expect(machine.tally.steps == counted.steps)
        #expect(machine.receipt.stages.allSatisfy { $0.seconds >= 0 })
        #expect(machine.attempts.allSatisfy { $0.startedAt <= $0.endedAt ?? $0.startedAt })
        let drawing = machine.work.count { if case .image = $0 { true } else { false } }
        #expect(drawing <= machine.spec.options.imageConcurrency ?? 2)
        #expect(machine.segments.allSatisfy { $0.maker != JobMachine.lead || $0.image == nil })
    }

    @Test("any order of events, repeated, late and under a clock that jumps, leads to a legal state")
    func anyOrder() throws {
        var dice = EventDice()
        for _ in 0..<200 {
            let spec = JobSpec(
                jobID: "j", userID: "u", sessionID: "s", entry: dice.entry(), options: dice.options())
            var machine = JobMachine(spec: spec, createdAt: Timestamp(milliseconds: 0))
            var events: [RecordedEvent] = []
            var now: Int64 = 0
            for number in 0..<80 {
                let startedAt = Timestamp(milliseconds: now)
                now = dice.moment(after: now)
                let first: [JobEvent] = [
                    .started, .loaded(MachineScene.plan(4)), .leadFailed(dice.error(), startedAt: startedAt),
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
        #expect(replay.phase == machine.phase)
        #expect(replay.work == machine.work)
        #expect(try JSONCoding.encode(replay.view) == JSONCoding.encode(machine.view))
        #expect(try JSONCoding.encode(replay.receipt) == JSONCoding.encode(machine.receipt))
    }

    @Test("what a job is told while it waits for its work never makes it do the same work twice at a price")
    func paidOnce() {
        var dice = EventDice()
        for _ in 0..<100 {
            var machine = JobMachine(
                spec: JobSpec(jobID: "j", userID: "u", sessionID: "s", entry: .fallback, options: JobOptions()),
                createdAt: Timestamp(milliseconds: 0))
            _ = machine.apply(.started, at: Timestamp(milliseconds: 0))
            _ = machine.apply(.loaded(MachineScene.plan(4)), at: Timestamp(milliseconds: 0))
            for _ in 0..<60 {
                let drawn = machine.segments.map { $0.image != nil }
                let event = dice.event(Timestamp(milliseconds: 0))
                _ = machine.apply(event, at: Timestamp(milliseconds: 0))
                if case .retried = event { continue }
                for (index, wasDrawn) in drawn.enumerated() where wasDrawn {
                    #expect(!machine.work.contains { if case .image(index, _, _) = $0 { true } else { false } })
                }
            }
            let drawn = machine.attempts.count { $0.work == "image" && $0.error == nil }
            let clips = machine.attempts.count { $0.work == "clip" && $0.error == nil }
            #expect(machine.costs.agent6 == USD(0.02) * drawn + USD(0.001) * clips)
        }
    }
}
