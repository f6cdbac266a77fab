import Contracts
import Faults
import FoundationEssentials
import GRDB
import JSON
import JSONRPC
import Testing
import Untrusted

@testable import Orchestrator

/// Agents and providers that write more than anybody reads.
@Suite(.timeLimit(.minutes(2))) struct LongTextTests {
    private static let words = String(repeating: "why? ", count: 800_000)

    @Test("what an agent writes is cut where it is stored, in its error, its progress and its clips")
    func agents() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(
                segments: 3,
                onLead: { _, hears in
                    hears(.progress(ProgressReport(fraction: 0.5, message: Self.words)))
                    let error = ServiceError(.contentRejected, Self.words, detail: Self.words, providerCode: Self.words)
                    return AgentResult(clips: (1...3).map { AgentClip(segmentID: "seg_\($0)", error: error) })
                })
            let path = "\(folder)/jobs.sqlite"
            let store = try JobStore(path: path)
            let orchestra = try Stage.orchestra(store, studio)
            let run = try await Stage.run(orchestra)
            #expect(run.messages.allSatisfy { $0.message.utf8.count <= TextBound.message })
            #expect(run.receipt.takeover?.reason.hasSuffix("[cut, 4000000 bytes]") == true)
            let bytes = try JSONCoding.encode(run.receipt).count
            #expect(bytes < 100_000, "\(bytes)")
            let largest = try await store.database.read {
                try Int.fetchOne($0, sql: "SELECT MAX(LENGTH(body)) FROM event") ?? 0
            }
            #expect(largest < 200_000, "\(largest)")
        }
    }

    @Test("what renderers write beside their files is cut before it is stored")
    func renderers() throws {
        var image = GeneratedImage(
            image: "file:///a.png", width: 1, height: 1, mediaType: Self.words, provider: Self.words,
            model: Self.words, cost: .zero, attempts: 1, cached: false)
        image.warnings = [Self.words]
        var clip = CreatedClip(
            clip: "file:///a.mp4", duration: 1, frames: 30, width: 1, height: 1, fps: 30, bytes: 1, cost: .zero,
            encodeTime: 0)
        clip.warnings = [Self.words]
        var film = Stitched(
            video: "file:///f.mp4", duration: 1, backend: .local, jobID: Self.words, copiedFrames: 1, encodedFrames: 1,
            chapters: [Chapter(title: Self.words, start: 0, end: 1)], cost: .zero, warnings: [Self.words])
        film.clips = [
            StitchedClip(segmentID: Self.words, copiedFrames: 1, encodedFrames: 1, reason: Self.words)
        ]
        var plan = MachineScene.plan(1)
        plan.warnings = [Self.words]
        let now = Timestamp(milliseconds: 0)
        for event in [
            JobEvent.imageMade(segment: 0, image: image, startedAt: now),
            .clipMade(segment: 0, clip: clip, startedAt: now), .stitched(film, startedAt: now), .loaded(plan),
        ] {
            let size = try EventFormat.encode(event.bounded).count
            #expect(size < 12_000, "\(size)")
        }
    }

    @Test("a thousand segments that fail with long errors make a view that fits a line")
    func segments() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(
                segments: 1000, leadError: ServiceError(.quotaExhausted, Self.words),
                onDraw: { _, _ in throw ServiceError(.contentRejected, Self.words, detail: Self.words) })
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let run = try await Stage.run(orchestra, options: JobOptions())
            let job = try #require(run.messages.last?.jobId)
            let view = try await orchestra.view(job)
            #expect(view.state == .error)
            #expect(try JSONCoding.encode(view).count < 4 * 1024 * 1024)
            #expect(try JSONCoding.encode(run.receipt).count < 4 * 1024 * 1024)
        }
    }

    @Test("a page of large jobs is shorter, and the next page goes on after it")
    func pages() async throws {
        try await Stage.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let orchestra = try Stage.orchestra(store, FakeStudio())
            for number in 0..<12 { _ = try await Stage.run(orchestra, session: "s\(number)") }
            var sessions: [String] = []
            var after: String?
            var pages = 0
            repeat {
                let page = try await orchestra.list(ListJobs(limit: 1000, after: after), pageBytes: 4000)
                #expect(try JSONCoding.encode(page).count < 5000)
                sessions += page.jobs.map(\.sessionID)
                after = page.next
                pages += 1
            } while after != nil && pages < 20
            #expect(sessions == (0..<12).reversed().map { "s\($0)" })
            #expect(pages > 2)
        }
    }
}
