// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Glibc
import Synchronization
import Testing

@testable import Orchestrator

/// Jobs that continue after their end: retried, edited or upgraded.
@Suite(.timeLimit(.minutes(2))) struct RetryAndUpgradeTests {
    /// Runs a job whose film Agent6 makes, then `body` with the job's id.
    private func withFilm(
        _ lead: @escaping @Sendable (JobSpec) async throws -> AgentResult,
        _ body: (JobRegistry, FakeJobServices, String) async throws -> Void
    ) async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(segments: 3, onLead: { spec, _ in try await lead(spec) })
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            let (_, receipt) = try await JobFixture.run(registry)
            #expect(receipt.state == .finished && receipt.takeover != nil)
            services.calls.withLock { $0 = [] }
            try await body(registry, services, receipt.jobID)
        }
    }

    private func waitForEnd(_ registry: JobRegistry, _ job: String, after count: Int) async throws -> JobView {
        for await _ in registry.changeNotifier.signals(jobID: job) {
            let endCount = try await registry.messages(after: 0, jobID: job).count { $0.jobState.isTerminal }
            if endCount > count { break }
        }
        return try await registry.view(job)
    }

    /// The replies of the lead to consecutive calls. The last one repeats.
    private final class ScriptedReplies: Sendable {
        private let replies: [Result<AgentResult, ServiceError>]
        private let counter = CallCounter()

        init(_ replies: [Result<AgentResult, ServiceError>]) { self.replies = replies }

        func next() throws -> AgentResult { try replies[min(counter.next(), replies.count - 1)].get() }
    }

    private static let noCredit: @Sendable (JobSpec) async throws -> AgentResult = { _ in
        throw ServiceError(.quotaExhausted, "no credit")
    }

    @Test
    func `a job can be retried, and its session used, as soon as its last message is received`() async throws {
        try await JobFixture.withFolder { folder in
            // Holds the runner between its last message and its release.
            let services = FakeJobServices(onLog: { if $0 == "cost_breakdown" { usleep(200_000) } })
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            func start(_ options: JobOptions) async throws -> String {
                try await registry.start(
                    StartJob(userID: "u", sessionID: "s"), options: options, entry: .lead
                ).jobID
            }
            let first = try await start(JobOptions())
            _ = try await JobFixture.messages(registry, first)
            #expect(try await registry.retry(RetryJob(jobID: first, only: .all)).state != .finished)
            #expect(try await waitForEnd(registry, first, after: 1).state == .finished)
            var options = JobOptions()
            options.whenBusy = .refuse
            let second = try await start(options)
            _ = try await JobFixture.messages(registry, second)
            #expect(try await registry.retry(RetryJob(jobID: first, only: .all)).state != .finished)
        }
    }

    @Test
    func `a retry with an edit draws only the edited segment again`() async throws {
        try await withFilm(Self.noCredit) { registry, services, job in
            let request = RetryJob(jobID: job, edits: ["seg_2": SegmentEdit(prompt: "a red boat")])
            #expect(try await registry.retry(request).state != .finished)
            let view = try await waitForEnd(registry, job, after: 1)
            #expect(view.state == .finished)
            #expect(services.calls.withLock { $0 } == ["draw seg_2: a red boat", "clip seg_2"])
            let receipt = try await registry.receipt(job)
            #expect(receipt.segments.map(\.isReused) == [true, false, true])
            // The times of this run only.
            #expect(Set(receipt.stages.map(\.stage)) == [.stills, .clips, .narration, .stitch, .verify])
        }
    }

    @Test
    func `an image supplied by the user replaces the still at no cost`() async throws {
        try await withFilm(Self.noCredit) { registry, services, job in
            let before = try await registry.view(job).costs.understudy
            _ = try await registry.retry(
                RetryJob(jobID: job, edits: ["seg_1": SegmentEdit(image: "file:///mine.png")]))
            let view = try await waitForEnd(registry, job, after: 1)
            #expect(view.state == .finished && view.segments[0].image == "file:///mine.png")
            #expect(view.costs.understudy - before == USD(0.001))
            #expect(services.calls.withLock { $0 } == ["adopt file:///mine.png", "clip seg_1"])
        }
    }

    @Test
    func `an invalid retry is rejected with the pointer to the fault and changes nothing`() async throws {
        try await withFilm(Self.noCredit) { registry, _, job in
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
            for (request, expected) in cases {
                let error = try await #require(throws: ServiceError.self) { try await registry.retry(request) }
                #expect(error.message.contains(expected), "\(error.message)")
            }
            #expect(try await registry.view(job).state == .finished)
        }
    }

    @Test
    func `an upgrade replaces the requested stills by the lead's clips and keeps the others`() async throws {
        let replies = ScriptedReplies([
            .failure(ServiceError(.quotaExhausted, "no credit")),
            .success(
                AgentResult(
                    clips: [AgentClip(segmentID: "seg_2", clip: "file:///lead_2.mp4")], cost: USD(0.05))),
        ])
        try await withFilm({ _ in try replies.next() }) { registry, services, job in
            _ = try await registry.upgrade(UpgradeJob(jobID: job, segments: ["seg_2"], confirmCost: USD(0.1)))
            let view = try await waitForEnd(registry, job, after: 1)
            #expect(view.state == .finished && view.segments.map(\.maker) == [.understudy, .lead, .understudy])
            #expect(view.segments[1].clip == "file:///lead_2.mp4" && view.costs.lead == USD(0.05))
            #expect(services.calls.withLock { $0 } == ["lead seg_2 for $0.10"])
        }
    }

    @Test
    func `a failed upgrade keeps the film and adds a warning with the reason`() async throws {
        for outcome in [
            Result<AgentResult, ServiceError>.failure(ServiceError(.contentRejected, "not this")),
            .success(AgentResult(video: "file:///whole.mp4")),
            .success(AgentResult(clips: [AgentClip(segmentID: "seg_1", error: ServiceError(.internal, "no"))])),
        ] {
            let replies = ScriptedReplies([.failure(ServiceError(.quotaExhausted, "no credit")), outcome])
            try await withFilm({ _ in try replies.next() }) { registry, services, job in
                let before = try await registry.view(job)
                _ = try await registry.upgrade(UpgradeJob(jobID: job, segments: ["seg_1"], confirmCost: USD(0.1)))
                let view = try await waitForEnd(registry, job, after: 1)
                #expect(view.state == .finished && view.videoURL == before.videoURL)
                #expect(view.segments.map(\.clip) == before.segments.map(\.clip))
                #expect(view.warnings.contains { $0.contains("the film is unchanged") }, "\(view.warnings)")
                #expect(view.agents[.lead]?.status == .error)
            }
        }
    }

    @Test
    func `an invalid upgrade is rejected with the pointer to the fault`() async throws {
        try await withFilm(Self.noCredit) { registry, _, job in
            for (request, expected) in [
                (UpgradeJob(jobID: job, segments: ["seg_9"], confirmCost: .zero), "/segments/0"),
                (UpgradeJob(jobID: job, confirmCost: USD(-1)), "/confirm_cost_usd"),
                (UpgradeJob(jobID: "none", confirmCost: .zero), "no job"),
            ] {
                let error = try await #require(throws: ServiceError.self) { try await registry.upgrade(request) }
                #expect(error.message.contains(expected), "\(error.message)")
            }
        }
    }
}
