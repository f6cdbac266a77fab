// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import JSON
import Testing

@testable import Orchestrator

/// A job's view as clients see it.
@Suite(.timeLimit(.minutes(2))) struct ViewTests {
    private func leadInProgress(segments: Int = 2) -> JobMachineFixture {
        var fixture = JobMachineFixture()
        fixture.apply(.started)
        fixture.apply(.loaded(JobMachineFixture.plan(segments)))
        fixture.apply(.leadProgress(fraction: 0.4, message: "rendering"))
        return fixture
    }

    @Test
    func `an agent's view has its last reported progress until the agent starts again`() {
        var fixture = leadInProgress()
        let reported = Progress(done: 40, total: 100)
        #expect(fixture.machine.view.agents[.lead]?.progress == reported)
        let draft = fixture.apply(
            .leadFailed(ServiceError(.unavailable, "reset"), startedAt: fixture.now))[0]
        #expect(draft.message.hasSuffix("retrying") && draft.progress == reported)
        #expect(fixture.machine.view.agents[.lead]?.progress == reported)
        fixture.apply(.leadFailed(ServiceError(.quotaExhausted, "no credit"), startedAt: fixture.now))
        fixture.image(0)
        #expect(fixture.machine.view.agents[.understudy]?.progress == Progress(done: 1, total: 5))
        fixture.apply(.cancelled)
        fixture.apply(.settled(warning: nil))
        fixture.apply(.retried(.all))
        fixture.apply(.started)
        #expect(fixture.machine.view.agents[.understudy]?.progress == Progress(done: 0, total: 5))
    }

    @Test
    func `a segment of Agent6 has the total time of its attempts; one of the lead has none`() throws {
        var fixture = leadInProgress()
        #expect(fixture.machine.view.segments.allSatisfy { $0.productionTime == nil })
        fixture.apply(.leadFailed(ServiceError(.quotaExhausted, "no credit"), startedAt: fixture.now))
        // Each event is 0.1 s after its work started.
        fixture.apply(.imageFailed(segment: 0, ServiceError(.unavailable, "away"), startedAt: fixture.now))
        #expect(fixture.machine.view.segments[0].productionTime == nil)
        fixture.image(0)
        fixture.clip(0)
        #expect(
            fixture.machine.view.segments[0].productionTime == 0.3
                && fixture.machine.view.segments[1].productionTime == nil)
        fixture.narrate(0)
        #expect(fixture.machine.view.segments[0].productionTime == 0.4)
        var lead = leadInProgress()
        lead.apply(.leadDelivered(AgentResult(video: "file:///f.mp4"), startedAt: lead.now))
        lead.apply(.leadFilmAccepted(video: "file:///final.mp4", startedAt: lead.now))
        #expect(lead.machine.view.segments.allSatisfy { $0.maker == .lead && $0.productionTime == nil })
    }

    @Test
    func `guidance includes the user's edits and is omitted if it does not fit into one message`() {
        var fixture = leadInProgress()
        #expect(fixture.machine.guidance == ["g", "g"])
        fixture.apply(.cancelled)
        fixture.apply(.settled(warning: nil))
        fixture.apply(.edited(["seg_2": SegmentEdit(prompt: "a red boat")]))
        #expect(fixture.machine.guidance == ["g", "a red boat"])
        fixture.apply(.edited(["seg_1": SegmentEdit(prompt: String(repeating: "\n", count: 200_000))]))
        #expect(fixture.machine.guidance == nil)
    }

    @Test
    func `status includes guidance unless disabled; lists and snapshots never do`() async throws {
        try await JobFixture.withFolder { folder in
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), FakeJobServices())
            let (_, receipt) = try await JobFixture.run(registry)
            let job = receipt.jobID
            _ = try await registry.retry(RetryJob(jobID: job, edits: ["seg_2": SegmentEdit(prompt: "a red boat")]))
            try await JobFixture.wait { try await registry.status(JobStatus(jobID: job)).state.isTerminal }
            let reported = try await registry.status(JobStatus(jobID: job)).segments
            #expect(reported.map(\.visualGuidance).last == "a red boat" && reported[0].visualGuidance?.isEmpty == false)
            #expect(reported.allSatisfy { $0.productionTime != nil })
            let withoutGuidance = try await registry.status(JobStatus(jobID: job, guidance: false)).segments
            let listed = try await registry.list(ListJobs()).jobs[0].segments
            let inSnapshot = try await registry.snapshot(jobID: job).jobs[0].segments
            for segments in [withoutGuidance, listed, inSnapshot] {
                #expect(segments.count == 2 && segments.allSatisfy { $0.visualGuidance == nil })
            }
        }
    }

    @Test
    func `a view stored by an earlier version is decoded`() throws {
        let old = #"""
            {"agents":{"Agent5":{"cost":0,"message":"m","status":"error"}},"costs":{"Agent2":0,"Agent4":0,"Agent5":0,"Agent6":0,"total":0},
            "created_at":"2026-01-01T00:00:00.000Z","job_id":"j","progress":{"done":0,"fraction":0,"total":3},"segments":[
            {"cost":0,"duration":1,"segment_id":"seg_1","state":"waiting"}],"session_id":"s","state":"error",
            "updated_at":"2026-01-01T00:00:00.000Z","user_id":"u","warnings":[]}
            """#
        let view = try JSONCoding.decode(JobView.self, from: Data(old.utf8))
        #expect(view.agents[.lead]?.progress == nil && view.segments[0].productionTime == nil)
    }
}
