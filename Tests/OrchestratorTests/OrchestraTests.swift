import Contracts
import Faults
import FoundationEssentials
import Synchronization
import Testing

@testable import Orchestrator

@Suite struct OrchestraTests {
    private let request = StartJob(userID: "u", sessionID: "s")

    @Test("a job runs to its end, with a receipt, the four kinds of event and growing numbers")
    func wholeJob() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio()
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let started = try await orchestra.start(request, options: JobOptions(), entry: .lead)
            let found = try await Stage.messages(orchestra, started.jobID)
            #expect(found.map(\.seq) == Array(1...found.count))
            #expect(found.last?.status == .finished)
            let view = try await orchestra.view(started.jobID)
            #expect(view.state == .finished)
            #expect(view.costs.line == "Agent2: $0.00 | Agent4: $0.00 | Agent5: $0.00 | Agent6: $0.042 | Total: $0.042")
            #expect(studio.receipts.withLock { $0.first?.takeover?.reason } == "no credit")
            #expect(
                Set(studio.logged.withLock { $0 }) == [
                    "segment_generation", "mediaconvert_job", "final_video", "cost_breakdown",
                ])
        }
    }

    @Test("a lead that delivers leaves the understudy nothing to do")
    func leadDelivers() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(leadError: nil)
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let started = try await orchestra.start(request, options: JobOptions(), entry: .lead)
            _ = try await Stage.messages(orchestra, started.jobID)
            #expect(studio.calls.withLock { $0 } == ["lead"])
        }
    }

    @Test("a film that fails its check is encoded again as a whole, once", arguments: [1, 2])
    func spoiledFilm(_ spoiled: Int) async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(spoiledFilms: spoiled)
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let started = try await orchestra.start(request, options: JobOptions(), entry: .lead)
            _ = try await Stage.messages(orchestra, started.jobID)
            let view = try await orchestra.view(started.jobID)
            #expect(view.state == (spoiled == 1 ? .finished : .error))
            #expect(view.warnings == ["the film does not decode; the film was encoded again as a whole"])
            #expect(studio.calls.withLock { $0.count { $0 == "stitch again" } } == 1)
            #expect(
                studio.receipts.withLock { $0.first?.attempts.count { $0.work == .stitch && $0.error != nil } } == 1)
        }
    }

    @Test("a job that was cut off goes on where it was, and nothing that is finished is made again")
    func resume() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            var jobID = ""
            var lastSeq = 0
            do {
                let studio = FakeStudio(hangsAtClip: true)
                let first = try Stage.orchestra(try JobStore(path: path), studio)
                jobID = try await first.start(request, options: JobOptions(), entry: .lead).jobID
                for await _ in first.bulletin.signals(jobID: jobID) {
                    let found = try await first.messages(after: 0, jobID: jobID)
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
            let second = try Stage.orchestra(try #require(reopened), studio)
            try await second.resume()
            let found = try await Stage.messages(second, jobID)
            #expect(found.last?.status == .finished)
            #expect(found.last.map { $0.seq > lastSeq } == true)
            #expect(Set(found.map(\.seq)).count == found.count)
            #expect(!studio.calls.withLock { $0 }.contains { $0 == "lead" || $0.hasPrefix("draw") })
        }
    }

    @Test("the same idempotency key gives the same job, with other parameters a conflict")
    func idempotency() async throws {
        try await Stage.withFolder { folder in
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), FakeStudio())
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
        try await Stage.withFolder { folder in
            let studio = FakeStudio(hangsAtClip: true)
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let first = try await orchestra.start(request, options: JobOptions(), entry: .lead)
            let second = try await orchestra.start(request, options: JobOptions(), entry: .lead)
            #expect(second.state == .queued)
            _ = try await orchestra.cancel(first.jobID)
            for await _ in orchestra.bulletin.signals(jobID: second.jobID) {
                if try await orchestra.view(second.jobID).state == .running { break }
            }
            _ = try await orchestra.cancel(second.jobID)
            #expect(try await Stage.messages(orchestra, second.jobID).last?.jobState == .cancelled)
        }
    }

    @Test("a job that does not want to wait for its session is refused, and the one that runs is named")
    func refused() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(hangsAtClip: true)
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let first = try await orchestra.start(request, options: JobOptions(), entry: .lead)
            var options = JobOptions()
            options.whenBusy = .refuse
            let error = await #expect(throws: ServiceError.self) {
                try await orchestra.start(request, options: options, entry: .lead)
            }
            #expect(error?.kind == .conflict && error?.message.contains(first.jobID) == true)
            _ = try await orchestra.cancel(first.jobID)
            _ = try await Stage.messages(orchestra, first.jobID)
        }
    }

    @Test("no more jobs run at a time than are allowed, and the others are queued")
    func limit() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(hangsAtClip: true)
            let orchestra = try Stage.orchestra(
                try JobStore(path: "\(folder)/jobs.sqlite"), studio, maximumRunning: 2)
            var states: [JobState] = []
            var ids: [String] = []
            for number in 0..<4 {
                let started = try await orchestra.start(
                    StartJob(userID: "u\(number)", sessionID: "s"), options: JobOptions(), entry: .fallback)
                states.append(started.state)
                ids.append(started.jobID)
            }
            #expect(states == [.running, .running, .queued, .queued])
            for id in ids.reversed() { _ = try await orchestra.cancel(id) }
            for id in ids { #expect(try await Stage.messages(orchestra, id).last?.jobState == .cancelled) }
        }
    }

    @Test("a film that the lead leaves behind after its time was up is a candidate in the receipt")
    func leftFilm() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(
                leadError: ServiceError(.timeout, "silent"), leftFilms: ["file:///1.mp4", "file:///late.mp4"])
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
            let receipt = try await Stage.run(orchestra).receipt
            #expect(receipt.state == .finished)
            #expect(receipt.candidates?.compactMap(\.video) == ["file:///1.mp4", "file:///late.mp4"])
            #expect(studio.receipts.withLock { $0.last?.candidates?.count } == 2)
        }
    }

    @Test("jobs are listed newest first, page by page")
    func pages() async throws {
        try await Stage.withFolder { folder in
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), FakeStudio())
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
        try await Stage.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let error = #expect(throws: ServiceError.self) { try JobStore(path: "\(folder)/jobs.sqlite") }
            #expect(error?.kind == .conflict)
            _ = try store.lastSeq()
        }
    }
}
