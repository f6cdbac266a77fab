import Contracts
import FoundationEssentials
import JSONRPC
import Logging
import Synchronization
import Testing

@testable import Orchestrator

/// A studio that needs no services: instant, and wrong where it is told to be.
private final class FakeStudio: Studio {
    let calls = Mutex<[String]>([])
    let leadError: ServiceError?
    let hangsAtClip: Bool
    let receipts = Mutex<[Receipt]>([])
    let logged = Mutex<[String]>([])

    init(leadError: ServiceError? = ServiceError(.quotaExhausted, "no credit"), hangsAtClip: Bool = false) {
        self.leadError = leadError
        self.hangsAtClip = hangsAtClip
    }

    private func note(_ call: String) { calls.withLock { $0.append(call) } }

    func load(_ spec: JobSpec) async throws -> JobPlan { MachineScene.plan(2) }
    func lead(
        _ spec: JobSpec, _ plan: JobPlan, _ onProgress: @escaping @Sendable (ProgressReport) -> Void
    ) async throws -> AgentResult {
        note("lead")
        if let leadError { throw leadError }
        return AgentResult(video: "file:///lead.mp4")
    }
    func acceptLeadFilm(_ video: String, _ spec: JobSpec, _ plan: JobPlan) async throws -> String {
        "file:///final.mp4"
    }
    func checkLeadClips(_ clips: [AgentClip], _ spec: JobSpec, _ plan: JobPlan) async throws -> [String: ServiceError] {
        [:]
    }
    func draw(_ segment: PlannedSegment, provider: String?, _ spec: JobSpec) async throws -> GeneratedImage {
        note("draw \(segment.id)")
        return GeneratedImage(
            image: "file:///\(segment.id).png", width: 1, height: 1, mediaType: "image/png", provider: "card",
            model: "m",
            cost: USD(0.02), attempts: 1, cached: false)
    }
    func clip(_ index: Int, of plan: JobPlan, image: String, _ spec: JobSpec) async throws -> CreatedClip {
        let segment = plan.segments[index]
        note("clip \(segment.id)")
        if hangsAtClip { try await Task.sleep(for: .seconds(3600)) }
        return CreatedClip(
            clip: "file:///\(segment.id).mp4", duration: 15, frames: 450, width: 1, height: 1, fps: 30, bytes: 1,
            cost: USD(0.001), encodeTime: 0)
    }
    func narrate(_ segment: PlannedSegment, clip: String, _ spec: JobSpec) async throws -> ReplacedAudio {
        ReplacedAudio(clip: clip, audioDuration: 1, padded: 0, trimmed: 0)
    }
    func stitch(_ clips: [StitchClip], _ spec: JobSpec) async throws -> Stitched { MachineScene.film }
    func verify(_ video: String, _ plan: JobPlan, _ spec: JobSpec) async throws -> [String] { [] }
    func write(_ receipt: Receipt, _ spec: JobSpec) async throws { receipts.withLock { $0.append(receipt) } }
    func log(_ type: String, _ data: JSONValue) { logged.withLock { $0.append(type) } }
}

@Suite struct OrchestraTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/us-orch-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func orchestra(_ store: JobStore, _ studio: any Studio) -> Orchestra {
        Orchestra(store: store, studio: studio, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// All messages of a job, once it is at its end.
    private func messages(_ orchestra: Orchestra, _ job: String) async throws -> [StatusMessage] {
        for await _ in orchestra.bulletin.signals(jobID: job) {
            let found = try orchestra.messages(after: 0, jobID: job)
            if found.last?.jobState.isTerminal == true { return found }
        }
        return []
    }

    private let request = StartJob(userID: "u", sessionID: "s")

    @Test("a job runs to its end, with a receipt, the four kinds of event and growing numbers")
    func wholeJob() async throws {
        try await withFolder { folder in
            let studio = FakeStudio()
            let orchestra = orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let started = try await orchestra.start(request, options: JobOptions(), entry: .lead)
            let found = try await messages(orchestra, started.jobID)
            #expect(found.map(\.seq) == Array(1...found.count))
            #expect(found.last?.status == .finished)
            let view = try await orchestra.view(started.jobID)
            #expect(view.state == .finished)
            #expect(view.costs.line == "Agent2: $0.00 | Agent4: $0.00 | Agent5: $0.00 | Agent6: $0.04 | Total: $0.04")
            #expect(studio.receipts.withLock { $0.first?.takeover?.reason } == "no credit")
            #expect(
                Set(studio.logged.withLock { $0 }) == [
                    "segment_generation", "mediaconvert_job", "final_video", "cost_breakdown",
                ])
        }
    }

    @Test("a lead that delivers leaves the understudy nothing to do")
    func leadDelivers() async throws {
        try await withFolder { folder in
            let studio = FakeStudio(leadError: nil)
            let orchestra = orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let started = try await orchestra.start(request, options: JobOptions(), entry: .lead)
            _ = try await messages(orchestra, started.jobID)
            #expect(studio.calls.withLock { $0 } == ["lead"])
        }
    }

    @Test("a job that was cut off goes on where it was, and nothing that is finished is made again")
    func resume() async throws {
        try await withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            var jobID = ""
            var lastSeq = 0
            do {
                let studio = FakeStudio(hangsAtClip: true)
                let first = orchestra(try JobStore(path: path), studio)
                jobID = try await first.start(request, options: JobOptions(), entry: .lead).jobID
                for await _ in first.bulletin.signals(jobID: jobID) {
                    let found = try first.messages(after: 0, jobID: jobID)
                    lastSeq = found.last?.seq ?? 0
                    if found.count(where: { $0.message.hasPrefix("drew") }) == 2 { break }
                }
                await first.stop()
            }
            let studio = FakeStudio()
            var reopened: JobStore?
            // The first store lets go of its lock when its last task has ended.
            while reopened == nil {
                reopened = try? JobStore(path: path)
                await Task.yield()
            }
            let second = orchestra(try #require(reopened), studio)
            try await second.resume()
            let found = try await messages(second, jobID)
            #expect(found.last?.status == .finished)
            #expect(found.last.map { $0.seq > lastSeq } == true)
            #expect(Set(found.map(\.seq)).count == found.count)
            #expect(!studio.calls.withLock { $0 }.contains { $0 == "lead" || $0.hasPrefix("draw") })
        }
    }

    @Test("the same idempotency key gives the same job, with other parameters a conflict")
    func idempotency() async throws {
        try await withFolder { folder in
            let orchestra = orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), FakeStudio())
            var keyed = request
            keyed.idempotencyKey = "k"
            let first = try await orchestra.start(keyed, options: JobOptions(), entry: .lead)
            let second = try await orchestra.start(keyed, options: JobOptions(), entry: .lead)
            #expect(second.jobID == first.jobID)
            #expect(second.existing)
            keyed.sessionID = "other"
            let error = await #expect(throws: ServiceError.self) {
                try await orchestra.start(keyed, options: JobOptions(), entry: .lead)
            }
            #expect(error?.kind == .conflict)
        }
    }

    @Test("of two jobs of one session the second waits for the first")
    func line() async throws {
        try await withFolder { folder in
            let studio = FakeStudio(hangsAtClip: true)
            let orchestra = orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let first = try await orchestra.start(request, options: JobOptions(), entry: .lead)
            let second = try await orchestra.start(request, options: JobOptions(), entry: .lead)
            #expect(second.state == .queued)
            _ = try await orchestra.cancel(first.jobID)
            for await _ in orchestra.bulletin.signals(jobID: second.jobID) {
                if try await orchestra.view(second.jobID).state == .running { break }
            }
            _ = try await orchestra.cancel(second.jobID)
            #expect(try await messages(orchestra, second.jobID).last?.jobState == .cancelled)
        }
    }

    @Test("jobs are listed newest first, page by page")
    func pages() async throws {
        try await withFolder { folder in
            let orchestra = orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), FakeStudio())
            var ids: [String] = []
            for number in 0..<5 {
                let request = StartJob(userID: "u", sessionID: "s\(number)")
                ids.append(try await orchestra.start(request, options: JobOptions(), entry: .fallback).jobID)
            }
            let first = try await orchestra.list(ListJobs(limit: 3))
            let rest = try await orchestra.list(ListJobs(limit: 3, after: first.next))
            #expect(first.jobs.map(\.jobID) + rest.jobs.map(\.jobID) == ids.reversed())
            #expect(rest.next == nil)
            let error = await #expect(throws: ServiceError.self) { try await orchestra.view("job-x") }
            #expect(error?.kind == .notFound)
        }
    }

    @Test("a second orchestrator on one store is refused")
    func lock() async throws {
        try await withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let error = #expect(throws: ServiceError.self) { try JobStore(path: "\(folder)/jobs.sqlite") }
            #expect(error?.kind == .conflict)
            _ = try store.lastSeq()
        }
    }
}

@Suite struct LeadClockTests {
    @Test("silence beyond the bound is a timeout, and signs of life put it off")
    func stall() async throws {
        let error = await #expect(throws: ServiceError.self) {
            try await LeadClock.limit(whole: 60, stall: 0.05) { _ in try await Task.sleep(for: .seconds(60)) }
        }
        #expect(error?.kind == .timeout)
        #expect(error?.message == "Agent5 was silent for 0.05 s")
        let whole = await #expect(throws: ServiceError.self) {
            try await LeadClock.limit(whole: 0.05, stall: 60) { _ in try await Task.sleep(for: .seconds(60)) }
        }
        #expect(whole?.message == "Agent5 did not finish within 0.05 s")
        #expect(
            try await LeadClock.limit(whole: 60, stall: 60) { alive in
                alive()
                return 7
            } == 7)
    }
}
