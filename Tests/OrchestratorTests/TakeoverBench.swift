// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import Synchronization
import Testing

@testable import Orchestrator

/// Measures the orchestrator's own overhead of a takeover: services reply at once and the job store is on disk. `make bench-takeover`
/// runs it and prints the results; `make test` skips it.
@Suite(
    .serialized, .enabled(if: ProcessInfo.processInfo.environment["UNDERSTUDY_BENCH"] != nil), .timeLimit(.minutes(10)))
struct TakeoverBench {
    /// Runs `body` with a registry whose breaker for the lead is forced closed, so that every job calls the lead.
    private func withRegistry(_ services: FakeJobServices, _ body: (String, JobRegistry) async throws -> Void)
        async throws
    {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let registry = try JobFixture.registry(try JobStore(path: path), services)
            _ = try await registry.breaker(BreakerRequest(agent: "agent5", action: .close))
            try await body(path, registry)
        }
    }

    /// Starts jobs in separate sessions and waits until all have ended.
    private func run(_ count: Int, _ registry: JobRegistry, batch: Int = 0) async throws {
        var last = try await registry.snapshot(jobID: nil).seq
        var left = count
        for number in 0..<count {
            let request = StartJob(userID: "u\(number % 20)", sessionID: "s\(batch)-\(number)")
            _ = try await registry.start(request, options: JobOptions(), entry: .lead)
        }
        for await _ in registry.changeNotifier.signals(jobID: nil) {
            while left > 0 {
                let messages = try await registry.messages(after: last, jobID: nil)
                guard let newest = messages.last else { break }
                last = newest.seq
                left -= messages.count { $0.jobState.isTerminal }
            }
            if left <= 0 { return }
        }
    }

    private func commitCount(_ registry: JobRegistry) -> Int { (registry.store as? JobStore)?.commits.count ?? 0 }

    private func report(_ text: String) {
        FileHandle.standardOutput.write(Data("bench: \(text)\n".utf8))
    }

    private func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    private func megabytes(_ field: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix(field) } ?? ""
        return (Int(line.filter(\.isNumber)) ?? 0) / 1024
    }

    private func quantile(_ values: [Double], _ share: Double) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
    }

    @Test
    func `throughput of sequential jobs, each waiting for its commits with fsync`() async throws {
        try await withRegistry(FakeJobServices(segments: 4)) { _, registry in
            let clock = ContinuousClock()
            let commits = commitCount(registry)
            let took = try await clock.measure {
                for number in 0..<300 { _ = try await JobFixture.run(registry, session: "s\(number)") }
            }
            let each = Double(commitCount(registry) - commits) / 300
            #expect(commitCount(registry) > commits)
            report("300 jobs of 4 segments, one by one: \(Int(300 / seconds(took))) jobs/s, \(each) commits a job")
        }
    }

    @Test
    func `throughput of 1,000 and 10,000 concurrent jobs, then a restart and pages of the list`() async throws {
        try await withRegistry(FakeJobServices(segments: 4)) { path, registry in
            let clock = ContinuousClock()
            let commits = commitCount(registry)
            let first = try await clock.measure { try await run(1000, registry) }
            let each = Double(commitCount(registry) - commits) / 1000
            #expect(commitCount(registry) > commits)
            report(
                "1,000 jobs of 4 segments, 16 at a time: \(Int(1000 / seconds(first))) jobs/s, \(each) commits a job, "
                    + "peak \(try megabytes("VmHWM")) MB")
            for batch in 1..<10 { try await run(1000, registry, batch: batch) }
            report("10,000 jobs finished, resident \(try megabytes("VmRSS")) MB")
            var pages: [Double] = []
            var after: String?
            for _ in 0..<100 {
                let took = try await clock.measure {
                    after = try await registry.list(ListJobs(limit: 50, after: after)).next
                }
                pages.append(seconds(took) * 1000)
            }
            report("list, 50 jobs a page: median \(quantile(pages, 0.5)) ms, p99 \(quantile(pages, 0.99)) ms")
            await registry.stop()
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            try FileManager.default.copyItem(atPath: path, toPath: "\(path).copy")
            let restart = try await clock.measure {
                try await JobFixture.registry(try JobStore(path: "\(path).copy"), FakeJobServices()).resume()
            }
            report("restart with 10,000 finished jobs (\(size >> 20) MB): \(seconds(restart) * 1000) ms")
        }
    }

    @Test
    func `time per segment in short and in long jobs`() async throws {
        for count in [10, 1000] {
            try await withRegistry(FakeJobServices(segments: count)) { _, registry in
                let clock = ContinuousClock()
                let jobs = 1000 / count
                let commits = commitCount(registry)
                let took = try await clock.measure {
                    for batch in 0..<jobs { _ = try await JobFixture.run(registry, session: "s\(batch)") }
                }
                #expect(commitCount(registry) > commits)
                report("\(jobs) jobs of \(count) segments, one after the other: \(seconds(took)) ms a segment")
            }
        }
    }

    @Test
    func `latency from the lead's failure to the first still request`() async throws {
        let failed = Mutex(ContinuousClock.now)
        let waits = Mutex<[Double]>([])
        let services = FakeJobServices(
            segments: 4,
            onLead: { _, _ in
                failed.withLock { $0 = .now }
                throw ServiceError(.quotaExhausted, "no credit")
            },
            onDraw: { segment, _ in
                guard segment.id == "seg_1" else { return }
                let wait = failed.withLock { seconds($0.duration(to: .now)) }
                waits.withLock { $0.append(wait * 1000) }
            })
        try await withRegistry(services) { _, registry in
            for number in 0..<300 { _ = try await JobFixture.run(registry, session: "s\(number)") }
            let waits = waits.withLock { $0 }
            #expect(waits.count == 300)
            report("failure to first still: median \(quantile(waits, 0.5)) ms, p99 \(quantile(waits, 0.99)) ms")
        }
    }

    @Test
    func `200 watchers of one job receive its last message`() async throws {
        try await withRegistry(FakeJobServices(segments: 4)) { _, registry in
            let clock = ContinuousClock()
            let started = try await registry.start(
                StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .lead)
            let took = try await clock.measure {
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for _ in 0..<200 {
                        group.addTask {
                            try await JobFixture.messages(registry, started.jobID).last?.jobState.isTerminal == true
                        }
                    }
                    for try await ended in group { #expect(ended) }
                }
            }
            report("200 watchers have the last message after \(seconds(took) * 1000) ms")
        }
    }
}
