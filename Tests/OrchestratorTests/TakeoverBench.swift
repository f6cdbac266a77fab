import Contracts
import Faults
import Foundation
import Synchronization
import Testing

@testable import Orchestrator

/// What a takeover costs the orchestrator itself: services answer at once, the job store is on the disk. `make bench-takeover`
/// runs it and prints what it measured; the ordinary tests leave it out.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["UNDERSTUDY_BENCH"] != nil))
struct TakeoverBench {
    /// A lead that always fails, with a breaker that is held closed so that every job asks it.
    private func withOrchestra(_ studio: FakeStudio, _ body: (String, Orchestra) async throws -> Void) async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            let orchestra = try Stage.orchestra(try JobStore(path: path), studio)
            _ = try await orchestra.breaker(BreakerRequest(agent: "agent5", action: .close))
            try await body(path, orchestra)
        }
    }

    /// Starts jobs, each in a session of its own, and waits for the last of them.
    private func run(_ count: Int, _ orchestra: Orchestra, batch: Int = 0) async throws {
        var last = try await orchestra.snapshot(jobID: nil).seq
        var left = count
        for number in 0..<count {
            let request = StartJob(userID: "u\(number % 20)", sessionID: "s\(batch)-\(number)")
            _ = try await orchestra.start(request, options: JobOptions(), entry: .lead)
        }
        for await _ in orchestra.bulletin.signals(jobID: nil) {
            while left > 0 {
                let messages = try await orchestra.messages(after: last, jobID: nil)
                guard let newest = messages.last else { break }
                last = newest.seq
                left -= messages.count { $0.jobState.isTerminal }
            }
            if left <= 0 { return }
        }
    }

    private func commitCount(_ orchestra: Orchestra) -> Int { (orchestra.store as? JobStore)?.commits.count ?? 0 }

    private func say(_ text: String) {
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

    @Test("jobs one by one: each commit, with its fsync, is waited for in turn")
    func oneByOne() async throws {
        try await withOrchestra(FakeStudio(segments: 4)) { _, orchestra in
            let clock = ContinuousClock()
            let commits = commitCount(orchestra)
            let took = try await clock.measure {
                for number in 0..<300 { _ = try await Stage.run(orchestra, session: "s\(number)") }
            }
            let each = Double(commitCount(orchestra) - commits) / 300
            say("300 jobs of 4 segments, one by one: \(Int(300 / seconds(took))) jobs/s, \(each) commits a job")
        }
    }

    @Test("a thousand jobs, then ten thousand, a restart and pages of the list")
    func throughput() async throws {
        try await withOrchestra(FakeStudio(segments: 4)) { path, orchestra in
            let clock = ContinuousClock()
            let commits = commitCount(orchestra)
            let first = try await clock.measure { try await run(1000, orchestra) }
            let each = Double(commitCount(orchestra) - commits) / 1000
            say(
                "1,000 jobs of 4 segments, 16 at a time: \(Int(1000 / seconds(first))) jobs/s, \(each) commits a job, "
                    + "peak \(try megabytes("VmHWM")) MB")
            for batch in 1..<10 { try await run(1000, orchestra, batch: batch) }
            say("10,000 jobs finished, resident \(try megabytes("VmRSS")) MB")
            var pages: [Double] = []
            var after: String?
            for _ in 0..<100 {
                let took = try await clock.measure {
                    after = try await orchestra.list(ListJobs(limit: 50, after: after)).next
                }
                pages.append(seconds(took) * 1000)
            }
            say("list, 50 jobs a page: median \(quantile(pages, 0.5)) ms, p99 \(quantile(pages, 0.99)) ms")
            await orchestra.stop()
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            try FileManager.default.copyItem(atPath: path, toPath: "\(path).copy")
            let restart = try await clock.measure {
                try await Stage.orchestra(try JobStore(path: "\(path).copy"), FakeStudio()).resume()
            }
            say("restart with 10,000 finished jobs (\(size >> 20) MB): \(seconds(restart) * 1000) ms")
        }
    }

    @Test("what a segment costs in a short job and in a long one")
    func flat() async throws {
        for count in [10, 1000] {
            try await withOrchestra(FakeStudio(segments: count)) { _, orchestra in
                let clock = ContinuousClock()
                let jobs = 1000 / count
                let took = try await clock.measure {
                    for batch in 0..<jobs { _ = try await Stage.run(orchestra, session: "s\(batch)") }
                }
                say("\(jobs) jobs of \(count) segments, one after the other: \(seconds(took)) ms a segment")
            }
        }
    }

    @Test("from the lead's failure to the first still that is asked for")
    func latency() async throws {
        let failed = Mutex(ContinuousClock.now)
        let waits = Mutex<[Double]>([])
        let studio = FakeStudio(
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
        try await withOrchestra(studio) { _, orchestra in
            for number in 0..<300 { _ = try await Stage.run(orchestra, session: "s\(number)") }
            let waits = waits.withLock { $0 }
            say("failure to first still: median \(quantile(waits, 0.5)) ms, p99 \(quantile(waits, 0.99)) ms")
        }
    }

    @Test("two hundred who watch one job all get its last message")
    func watchers() async throws {
        try await withOrchestra(FakeStudio(segments: 4)) { _, orchestra in
            let clock = ContinuousClock()
            let started = try await orchestra.start(
                StartJob(userID: "u", sessionID: "s"), options: JobOptions(), entry: .lead)
            let took = try await clock.measure {
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for _ in 0..<200 {
                        group.addTask {
                            try await Stage.messages(orchestra, started.jobID).last?.jobState.isTerminal == true
                        }
                    }
                    for try await ended in group { #expect(ended) }
                }
            }
            say("200 watchers have the last message after \(seconds(took) * 1000) ms")
        }
    }
}
