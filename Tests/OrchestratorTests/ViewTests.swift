import Contracts
import Faults
import FoundationEssentials
import JSON
import Testing

@testable import Orchestrator

/// What a job shows of itself.
@Suite struct ViewTests {
    private func taken(segments: Int = 2) -> MachineScene {
        var scene = MachineScene()
        scene.apply(.started)
        scene.apply(.loaded(MachineScene.plan(segments)))
        scene.apply(.leadProgress(fraction: 0.4, message: "rendering"))
        return scene
    }

    @Test("an agent shows the progress that it told last, as its messages do, until it begins anew")
    func progress() {
        var scene = taken()
        let told = Progress(done: 40, total: 100)
        #expect(scene.machine.view.agents[.lead]?.progress == told)
        let draft = scene.apply(
            .leadFailed(ServiceError(.unavailable, "reset"), startedAt: scene.now))[0]
        #expect(draft.message.hasSuffix("trying once more") && draft.progress == told)
        #expect(scene.machine.view.agents[.lead]?.progress == told)
        scene.apply(.leadFailed(ServiceError(.quotaExhausted, "no credit"), startedAt: scene.now))
        scene.image(0)
        #expect(scene.machine.view.agents[.understudy]?.progress == Progress(done: 1, total: 5))
        scene.apply(.cancelled)
        scene.apply(.settled(warning: nil))
        scene.apply(.retried(.all))
        scene.apply(.started)
        #expect(scene.machine.view.agents[.understudy]?.progress == Progress(done: 0, total: 5))
    }

    @Test("a segment of Agent6 shows the seconds that all tries at it took; one of the lead shows none")
    func madeIn() throws {
        var scene = taken()
        #expect(scene.machine.view.segments.allSatisfy { $0.madeIn == nil })
        scene.apply(.leadFailed(ServiceError(.quotaExhausted, "no credit"), startedAt: scene.now))
        // Each event comes a tenth of a second after the work began.
        scene.apply(.imageFailed(segment: 0, ServiceError(.unavailable, "away"), startedAt: scene.now))
        #expect(scene.machine.view.segments[0].madeIn == nil)
        scene.image(0)
        scene.clip(0)
        #expect(scene.machine.view.segments[0].madeIn == 0.3 && scene.machine.view.segments[1].madeIn == nil)
        scene.narrate(0)
        #expect(scene.machine.view.segments[0].madeIn == 0.4)
        var lead = taken()
        lead.apply(.leadDelivered(AgentResult(video: "file:///f.mp4"), startedAt: lead.now))
        lead.apply(.leadFilmAccepted(video: "file:///final.mp4", startedAt: lead.now))
        #expect(lead.machine.view.segments.allSatisfy { $0.maker == .lead && $0.madeIn == nil })
    }

    @Test("what a segment shows comes with the user's edits, and not at all where it would fill a line of the wire")
    func guidance() {
        var scene = taken()
        #expect(scene.machine.guidance == ["g", "g"])
        scene.apply(.cancelled)
        scene.apply(.settled(warning: nil))
        scene.apply(.edited(["seg_2": SegmentEdit(prompt: "a red boat")]))
        #expect(scene.machine.guidance == ["g", "a red boat"])
        scene.apply(.edited(["seg_1": SegmentEdit(prompt: String(repeating: "\n", count: 200_000))]))
        #expect(scene.machine.guidance == nil)
    }

    @Test("status tells what segments show, running or done, unless it is not wanted; lists and pictures never do")
    func status() async throws {
        try await Stage.withFolder { folder in
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), FakeStudio())
            let (_, receipt) = try await Stage.run(orchestra)
            let job = receipt.jobID
            _ = try await orchestra.retry(RetryJob(jobID: job, edits: ["seg_2": SegmentEdit(prompt: "a red boat")]))
            while try await !orchestra.status(JobStatus(jobID: job)).state.isTerminal { await Task.yield() }
            let told = try await orchestra.status(JobStatus(jobID: job)).segments
            #expect(told.map(\.visualGuidance).last == "a red boat" && told[0].visualGuidance?.isEmpty == false)
            #expect(told.allSatisfy { $0.madeIn != nil })
            let quiet = try await orchestra.status(JobStatus(jobID: job, guidance: false)).segments
            let listed = try await orchestra.list(ListJobs()).jobs[0].segments
            let pictured = try await orchestra.snapshot(jobID: job).jobs[0].segments
            for segments in [quiet, listed, pictured] {
                #expect(segments.count == 2 && segments.allSatisfy { $0.visualGuidance == nil })
            }
        }
    }

    @Test("a view that an older version kept is still read")
    func oldView() throws {
        let old = #"""
            {"agents":{"Agent5":{"cost":0,"message":"m","status":"error"}},"costs":{"Agent2":0,"Agent4":0,"Agent5":0,"Agent6":0,"total":0},
            "created_at":"2026-01-01T00:00:00.000Z","job_id":"j","progress":{"done":0,"fraction":0,"total":3},"segments":[
            {"cost":0,"duration":1,"segment_id":"seg_1","state":"waiting"}],"session_id":"s","state":"error",
            "updated_at":"2026-01-01T00:00:00.000Z","user_id":"u","warnings":[]}
            """#
        let view = try JSONCoding.decode(JobView.self, from: Data(old.utf8))
        #expect(view.agents[.lead]?.progress == nil && view.segments[0].madeIn == nil)
    }
}
