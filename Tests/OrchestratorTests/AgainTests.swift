import Contracts
import Faults
import Synchronization
import Testing

@testable import Orchestrator

/// Jobs that go on after their end: retried, edited, upgraded.
@Suite struct AgainTests {
    /// A film of Agent6, and what runs it.
    private func withFilm(
        _ lead: @escaping @Sendable (JobSpec) async throws -> AgentResult,
        _ body: (Orchestra, FakeStudio, String) async throws -> Void
    ) async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(segments: 3, onLead: { spec, _ in try await lead(spec) })
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let (_, receipt) = try await Stage.run(orchestra)
            #expect(receipt.state == .finished && receipt.takeover != nil)
            studio.calls.withLock { $0 = [] }
            try await body(orchestra, studio, receipt.jobID)
        }
    }

    private func end(_ orchestra: Orchestra, _ job: String, after count: Int) async throws -> JobView {
        for await _ in orchestra.bulletin.signals(jobID: job) {
            let ends = try await orchestra.messages(after: 0, jobID: job).count { $0.jobState.isTerminal }
            if ends > count { break }
        }
        return try await orchestra.view(job)
    }

    /// What the lead says to one call after the other.
    private final class Answers: Sendable {
        private let answers: [Result<AgentResult, ServiceError>]
        private let tries = Tries()

        init(_ answers: [Result<AgentResult, ServiceError>]) { self.answers = answers }

        func next() throws -> AgentResult { try answers[min(tries.next(), answers.count - 1)].get() }
    }

    private static let noCredit: @Sendable (JobSpec) async throws -> AgentResult = { _ in
        throw ServiceError(.quotaExhausted, "no credit")
    }

    @Test("an edited segment is drawn anew, and all else is used again")
    func edit() async throws {
        try await withFilm(Self.noCredit) { orchestra, studio, job in
            let request = RetryJob(jobID: job, edits: ["seg_2": SegmentEdit(prompt: "a red boat")])
            #expect(try await orchestra.retry(request).state != .finished)
            let view = try await end(orchestra, job, after: 1)
            #expect(view.state == .finished)
            #expect(studio.calls.withLock { $0 } == ["draw seg_2: a red boat", "clip seg_2"])
            let receipt = try await orchestra.receipt(job)
            #expect(receipt.segments.map(\.reused) == [true, false, true])
            // Times of this run, not of the days between.
            #expect(Set(receipt.stages.map(\.stage)) == [.stills, .clips, .narration, .stitch, .verify])
        }
    }

    @Test("a picture that the user gives takes the still's place, at no cost")
    func given() async throws {
        try await withFilm(Self.noCredit) { orchestra, studio, job in
            let before = try await orchestra.view(job).costs.understudy
            _ = try await orchestra.retry(
                RetryJob(jobID: job, edits: ["seg_1": SegmentEdit(image: "file:///mine.png")]))
            let view = try await end(orchestra, job, after: 1)
            #expect(view.state == .finished && view.segments[0].image == "file:///mine.png")
            #expect(view.costs.understudy - before == USD(0.001))
            #expect(studio.calls.withLock { $0 } == ["adopt file:///mine.png", "clip seg_1"])
        }
    }

    @Test("edits that cannot be meant are refused at their place, and change nothing")
    func badEdits() async throws {
        try await withFilm(Self.noCredit) { orchestra, _, job in
            let cases: [(RetryJob, String)] = [
                (RetryJob(jobID: job, edits: ["nine": SegmentEdit(prompt: "x")]), "/edits/nine"),
                (RetryJob(jobID: job, edits: ["seg_1": SegmentEdit()]), "/edits/seg_1"),
                (RetryJob(jobID: job, edits: ["seg_1": SegmentEdit(prompt: "")]), "/edits/seg_1/prompt"),
                (
                    RetryJob(jobID: job, only: .segments(["seg_2"]), edits: ["seg_1": SegmentEdit(prompt: "x")]),
                    "/edits/seg_1"
                ),
                (RetryJob(jobID: job, only: .segments(["nine"])), "/only"),
                (RetryJob(jobID: job), "is finished"),
                (RetryJob(jobID: "none", edits: [:]), "no job"),
            ]
            for (request, words) in cases {
                let error = try await #require(throws: ServiceError.self) { try await orchestra.retry(request) }
                #expect(error.message.contains(words), "\(error.message)")
            }
            #expect(try await orchestra.view(job).state == .finished)
        }
    }

    @Test("the lead's clips take the place of the stills that were asked for; the others stay")
    func upgrade() async throws {
        let answers = Answers([
            .failure(ServiceError(.quotaExhausted, "no credit")),
            .success(
                AgentResult(
                    clips: [AgentClip(segmentID: "seg_2", clip: "file:///lead_2.mp4")], cost: USD(0.05))),
        ])
        try await withFilm({ _ in try answers.next() }) { orchestra, studio, job in
            _ = try await orchestra.upgrade(UpgradeJob(jobID: job, segments: ["seg_2"], confirmCost: USD(0.1)))
            let view = try await end(orchestra, job, after: 1)
            #expect(view.state == .finished && view.segments.map(\.maker) == [.understudy, .lead, .understudy])
            #expect(view.segments[1].clip == "file:///lead_2.mp4" && view.costs.lead == USD(0.05))
            #expect(studio.calls.withLock { $0 } == ["lead seg_2 for $0.10"])
        }
    }

    @Test("an upgrade that fails leaves the film as it was, and says why")
    func failedUpgrade() async throws {
        for late in [
            Result<AgentResult, ServiceError>.failure(ServiceError(.contentRejected, "not this")),
            .success(AgentResult(video: "file:///whole.mp4")),
            .success(AgentResult(clips: [AgentClip(segmentID: "seg_1", error: ServiceError(.internal, "no"))])),
        ] {
            let answers = Answers([.failure(ServiceError(.quotaExhausted, "no credit")), late])
            try await withFilm({ _ in try answers.next() }) { orchestra, studio, job in
                let before = try await orchestra.view(job)
                _ = try await orchestra.upgrade(UpgradeJob(jobID: job, segments: ["seg_1"], confirmCost: USD(0.1)))
                let view = try await end(orchestra, job, after: 1)
                #expect(view.state == .finished && view.videoURL == before.videoURL)
                #expect(view.segments.map(\.clip) == before.segments.map(\.clip))
                #expect(view.warnings.contains { $0.contains("the film stays as it was") }, "\(view.warnings)")
                #expect(view.agents[.lead]?.status == .error)
            }
        }
    }

    @Test("what cannot be upgraded is refused")
    func refused() async throws {
        try await withFilm(Self.noCredit) { orchestra, _, job in
            for (request, words) in [
                (UpgradeJob(jobID: job, segments: ["seg_9"], confirmCost: .zero), "/segments/0"),
                (UpgradeJob(jobID: job, confirmCost: USD(-1)), "/confirm_cost_usd"),
                (UpgradeJob(jobID: "none", confirmCost: .zero), "no job"),
            ] {
                let error = try await #require(throws: ServiceError.self) { try await orchestra.upgrade(request) }
                #expect(error.message.contains(words), "\(error.message)")
            }
        }
    }
}
