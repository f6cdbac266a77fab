// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import GRDB
import JSON
import JSONRPC
import Testing
import Untrusted

@testable import Orchestrator

/// Agents and providers whose texts are too long.
@Suite(.timeLimit(.minutes(2))) struct LongTextTests {
    private static let text = String(repeating: "why? ", count: 800_000)

    @Test
    func `texts of an agent in errors, progress and clips are cut before they are stored`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(
                segments: 3,
                onLead: { _, onActivity in
                    onActivity(.progress(ProgressReport(fraction: 0.5, message: Self.text)))
                    let error = ServiceError(.contentRejected, Self.text, detail: Self.text, providerCode: Self.text)
                    return AgentResult(clips: (1...3).map { AgentClip(segmentID: "seg_\($0)", error: error) })
                })
            let path = "\(folder)/jobs.sqlite"
            let store = try JobStore(path: path)
            let registry = try JobFixture.registry(store, services)
            let run = try await JobFixture.run(registry)
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

    @Test
    func `texts of media services in their results are cut before they are stored`() throws {
        var image = GeneratedImage(
            image: "file:///a.png", width: 1, height: 1, mediaType: Self.text, provider: Self.text,
            model: Self.text, cost: .zero, attempts: 1, isCached: false)
        image.warnings = [Self.text]
        var clip = CreatedClip(
            clip: "file:///a.mp4", duration: 1, frames: 30, width: 1, height: 1, fps: 30, bytes: 1, cost: .zero,
            encodeTime: 0)
        clip.warnings = [Self.text]
        var film = StitchedFilm(
            video: "file:///f.mp4", duration: 1, backend: .local, jobID: Self.text, copiedFrames: 1, encodedFrames: 1,
            chapters: [Chapter(title: Self.text, start: 0, end: 1)], cost: .zero, warnings: [Self.text])
        film.clips = [
            StitchedClip(segmentID: Self.text, copiedFrames: 1, encodedFrames: 1, reason: Self.text)
        ]
        var plan = JobMachineFixture.plan(1)
        plan.warnings = [Self.text]
        let now = Timestamp(milliseconds: 0)
        for event in [
            JobEvent.imageMade(segment: 0, image: image, startedAt: now),
            .clipMade(segment: 0, clip: clip, startedAt: now), .stitched(film, startedAt: now), .loaded(plan),
        ] {
            let size = try EventFormat.encode(event.bounded).count
            #expect(size < 12_000, "\(size)")
        }
    }

    @Test
    func `the view of 1000 segments with long errors fits into one message`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(
                segments: 1000, leadError: ServiceError(.quotaExhausted, Self.text),
                onDraw: { _, _ in throw ServiceError(.contentRejected, Self.text, detail: Self.text) })
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            let run = try await JobFixture.run(registry, options: JobOptions())
            let job = try #require(run.messages.last?.jobId)
            let view = try await registry.view(job)
            #expect(view.state == .error)
            #expect(try JSONCoding.encode(view).count < 4 * 1024 * 1024)
            #expect(try JSONCoding.encode(run.receipt).count < 4 * 1024 * 1024)
        }
    }

    @Test
    func `a page of large jobs is shorter, and the next page continues after it`() async throws {
        try await JobFixture.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let registry = try JobFixture.registry(store, FakeJobServices())
            for number in 0..<12 { _ = try await JobFixture.run(registry, session: "s\(number)") }
            var sessions: [String] = []
            var after: String?
            var pages = 0
            repeat {
                let page = try await registry.list(ListJobs(limit: 1000, after: after), pageBytes: 4000)
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
