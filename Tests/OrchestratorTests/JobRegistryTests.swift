// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import Synchronization
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct JobRegistryTests {
    private let request = StartJob(userID: "u", sessionID: "s")

    @Test
    func `a job runs to its end with a receipt, four types of log events and growing sequence numbers`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices()
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            let started = try await registry.start(request, options: JobOptions(), entry: .lead)
            let found = try await JobFixture.messages(registry, started.jobID)
            #expect(found.map(\.seq) == Array(1...found.count))
            #expect(found.last?.status == .finished)
            let view = try await registry.view(started.jobID)
            #expect(view.state == .finished)
            #expect(view.costs.line == "Agent2: $0.00 | Agent4: $0.00 | Agent5: $0.00 | Agent6: $0.042 | Total: $0.042")
            #expect(services.receipts.withLock { $0.first?.takeover?.reason } == "no credit")
            #expect(
                Set(services.logged.withLock { $0 }) == [
                    "segment_generation", "mediaconvert_job", "final_video", "cost_breakdown",
                ])
        }
    }

    @Test
    func `a job whose lead delivers makes no other calls`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(leadError: nil)
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            let started = try await registry.start(request, options: JobOptions(), entry: .lead)
            _ = try await JobFixture.messages(registry, started.jobID)
            #expect(services.calls.withLock { $0 } == ["lead"])
        }
    }

    @Test(arguments: [1, 2])
    func `a film that fails verification is encoded again as a whole, once`(_ spoiled: Int) async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(spoiledFilms: spoiled)
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            let started = try await registry.start(request, options: JobOptions(), entry: .lead)
            _ = try await JobFixture.messages(registry, started.jobID)
            let view = try await registry.view(started.jobID)
            #expect(view.state == (spoiled == 1 ? .finished : .error))
            #expect(view.warnings == ["the film does not decode; the film was encoded again as a whole"])
            #expect(services.calls.withLock { $0.count { $0 == "stitch again" } } == 1)
            #expect(
                services.receipts.withLock { $0.first?.attempts.count { $0.work == .stitch && $0.error != nil } } == 1)
        }
    }

    @Test
    func `an interrupted job resumes after a restart without repeating finished work`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            var jobID = ""
            var lastSeq = 0
            do {
                let services = FakeJobServices(hangsAtClip: true)
                let first = try JobFixture.registry(try JobStore(path: path), services)
                jobID = try await first.start(request, options: JobOptions(), entry: .lead).jobID
                for await _ in first.changeNotifier.signals(jobID: jobID) {
                    let found = try await first.messages(after: 0, jobID: jobID)
                    lastSeq = found.last?.seq ?? 0
                    if found.count(where: { $0.message.hasPrefix("drew") }) == 2 { break }
                }
                await first.stop()
            }
            let services = FakeJobServices()
            let second = try JobFixture.registry(try await JobFixture.reopen(path), services)
            try await second.resume()
            let found = try await JobFixture.messages(second, jobID)
            #expect(found.last?.status == .finished)
            #expect(found.last.map { $0.seq > lastSeq } == true)
            #expect(Set(found.map(\.seq)).count == found.count)
            #expect(!services.calls.withLock { $0 }.contains { $0 == "lead" || $0.hasPrefix("draw") })
        }
    }

    @Test
    func `an idempotency key returns the same job; with other parameters it is a conflict`() async throws {
        try await JobFixture.withFolder { folder in
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), FakeJobServices())
            var keyed = request
            keyed.idempotencyKey = "k"
            let first = try await registry.start(keyed, options: JobOptions(), entry: .lead)
            let second = try await registry.start(keyed, options: JobOptions(), entry: .lead)
            #expect(second.jobID == first.jobID)
            #expect(second.isExisting)
            keyed.sessionID = "other"
            let error = await #expect(throws: ServiceError.self) {
                try await registry.start(keyed, options: JobOptions(), entry: .lead)
            }
            #expect(error?.kind == .conflict)
        }
    }

    @Test
    func `the second of two jobs of a session waits for the first`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(hangsAtClip: true)
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            let first = try await registry.start(request, options: JobOptions(), entry: .lead)
            let second = try await registry.start(request, options: JobOptions(), entry: .lead)
            #expect(second.state == .queued)
            _ = try await registry.cancel(first.jobID)
            for await _ in registry.changeNotifier.signals(jobID: second.jobID) {
                if try await registry.view(second.jobID).state == .running { break }
            }
            _ = try await registry.cancel(second.jobID)
            #expect(try await JobFixture.messages(registry, second.jobID).last?.jobState == .cancelled)
        }
    }

    @Test
    func `a job with when_busy refuse is rejected with the id of the running job`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(hangsAtClip: true)
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            let first = try await registry.start(request, options: JobOptions(), entry: .lead)
            var options = JobOptions()
            options.whenBusy = .refuse
            let error = await #expect(throws: ServiceError.self) {
                try await registry.start(request, options: options, entry: .lead)
            }
            #expect(error?.kind == .conflict && error?.message.contains(first.jobID) == true)
            _ = try await registry.cancel(first.jobID)
            _ = try await JobFixture.messages(registry, first.jobID)
        }
    }

    @Test
    func `at most the maximum number of jobs run concurrently; the others are queued`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(hangsAtClip: true)
            let registry = try JobFixture.registry(
                try JobStore(path: "\(folder)/jobs.sqlite"), services, maximumRunning: 2)
            var states: [JobState] = []
            var ids: [String] = []
            for number in 0..<4 {
                let started = try await registry.start(
                    StartJob(userID: "u\(number)", sessionID: "s"), options: JobOptions(), entry: .fallback)
                states.append(started.state)
                ids.append(started.jobID)
            }
            #expect(states == [.running, .running, .queued, .queued])
            for id in ids.reversed() { _ = try await registry.cancel(id) }
            for id in ids { #expect(try await JobFixture.messages(registry, id).last?.jobState == .cancelled) }
        }
    }

    @Test
    func `films in the lead's folder after its timeout are candidates in the receipt`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(
                leadError: ServiceError(.timeout, "silent"), leftoverFilms: ["file:///1.mp4", "file:///late.mp4"])
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
            let receipt = try await JobFixture.run(registry).receipt
            #expect(receipt.state == .finished)
            #expect(receipt.candidates?.compactMap(\.video) == ["file:///1.mp4", "file:///late.mp4"])
            #expect(services.receipts.withLock { $0.last?.candidates?.count } == 2)
        }
    }

    @Test
    func `jobs are listed newest first, in pages`() async throws {
        try await JobFixture.withFolder { folder in
            let registry = try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), FakeJobServices())
            var ids: [String] = []
            for number in 0..<5 {
                let request = StartJob(userID: "u", sessionID: "s\(number)")
                ids.append(try await registry.start(request, options: JobOptions(), entry: .fallback).jobID)
            }
            let first = try await registry.list(ListJobs(limit: 3))
            let rest = try await registry.list(ListJobs(limit: 3, after: first.next))
            #expect(first.jobs.map(\.jobID) + rest.jobs.map(\.jobID) == ids.reversed())
            #expect(rest.next == nil)
            let error = await #expect(throws: ServiceError.self) { try await registry.view("job-x") }
            #expect(error?.kind == .notFound)
        }
    }

    @Test
    func `opening a store that another orchestrator uses is a conflict`() async throws {
        try await JobFixture.withFolder { folder in
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            let error = #expect(throws: ServiceError.self) { try JobStore(path: "\(folder)/jobs.sqlite") }
            #expect(error?.kind == .conflict)
            _ = try store.lastSeq()
        }
    }
}
