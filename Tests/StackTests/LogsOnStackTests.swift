// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Foundation
import JSON
import JSONRPC
import ServiceKit
import ServicePool
import StandIns
import TestSupport
import Testing

/// The numbers of the events that were accepted.
private actor AcceptedEvents {
    private(set) var numbers: Set<Int> = []

    func add(_ number: Int) { numbers.insert(number) }
}

/// `logger` with CloudWatch Logs. boto3 reads what arrived.
@Suite(.serialized, .timeLimit(.minutes(4))) struct LogsOnStackTests {
    private let aws: StandIn
    private let stack: LiveStack

    init() throws {
        aws = try StandIn("aws")
        let own = [
            "UNDERSTUDY_LOG_SINKS": "file,cloudwatch", "UNDERSTUDY_LOG_BATCH_S": "0.05", "UNDERSTUDY_LOG_SETTLE_S": "0",
            "UNDERSTUDY_DRAIN_S": "5",
        ]
        stack = try LiveStack.prepare(aws.awsEnvironment.merging(own) { $1 })
    }

    /// Starts a logger, runs `body`, and sends the logger a signal.
    private func withLogger(
        _ more: [String: String] = [:], instance: String = "one", end: Int32 = SIGTERM,
        _ body: (RPCConnection, Program) async throws -> Void
    ) async throws {
        let own = stack.environment.merging(["UNDERSTUDY_INSTANCE": instance]) { $1 }
        let logger = try await Program("logger", environment: own.merging(more) { $1 })
        do {
            let connection = try await RPCConnection.connect(
                to: try stack.runDirectory.socketPath(service: "logger", instance: instance), timeout: .seconds(20))
            try await body(connection, logger)
            logger.signal(end)
            let result = await logger.waitUntilExit()
            #expect(result.status == (end == SIGTERM ? 0 : 128 + end), "\(result.errors)")
            await connection.close()
        } catch {
            logger.signal(SIGKILL)
            print(await logger.waitUntilExit().errors)
            throw error
        }
    }

    private func tidyUp() { try? FileManager.default.removeItem(atPath: stack.folder) }

    private func event(_ number: Int, job: String = "j", at time: Int64? = nil, text: String = "") -> LogEvent {
        LogEvent(
            eventType: "segment_generation",
            data: ["job_id": .string(job), "n": .integer(Int64(number)), "text": .string(text)],
            timestamp: time.map { Timestamp(milliseconds: $0) })
    }

    /// Logs numbered events, one after the other.
    private func log(_ numbers: some Sequence<Int>, job: String = "j", _ logger: RPCConnection) async throws {
        for number in numbers { _ = try await logger.call(LoggerAPI.log, event(number, job: job)) }
    }

    /// Flushes the logger.
    ///
    /// - Returns: The counts of the sink `cloudwatch`.
    private func flush(_ logger: RPCConnection) async throws -> SinkCounts? {
        try await logger.call(LoggerAPI.flush, NoParams()).sinks?["cloudwatch"]
    }

    /// Flushes the logger until CloudWatch has all events.
    private func untilDelivered(_ logger: RPCConnection) async throws {
        try await until("CloudWatch has all events") { try await flush(logger)?.pending == 0 }
    }

    @discardableResult
    private func boto(_ call: String, _ arguments: [String: JSONValue] = [:]) throws -> JSONValue {
        try aws.send(["service": "logs", "call": .string(call), "args": .object(arguments)])
    }

    /// All events of a stream, page by page.
    private func stored(_ stream: String = "j/one") throws -> [JSONValue] {
        var events: [JSONValue] = []
        var token: JSONValue?
        for _ in 0..<10_000 {
            var arguments: [String: JSONValue] = [
                "logGroupName": "/pipeline/agent6", "logStreamName": .string(stream), "startFromHead": true,
            ]
            if let token { arguments["nextToken"] = token }
            let page = try boto("get_log_events", arguments)
            events += page["events"]?.array ?? []
            let next = page["nextForwardToken"]
            if next == token { return events }
            token = next
        }
        Issue.record("the stream \(stream) has no last page")
        return events
    }

    /// The numbers of events.
    private func numbers(_ events: [JSONValue]) throws -> [Int] {
        try events.map { event in
            let message = try JSONCoding.decode(JSONValue.self, from: Data((event["message"]?.string ?? "").utf8))
            return Int(message["data"]?["n"]?.double ?? -1)
        }
    }

    private func misbehave(_ fault: JSONValue) throws { try aws.send(["misbehave": fault]) }

    private var spoolFiles: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(stack.folder)/state/logger/spool")) ?? []
    }

    @Test
    func `group, stream and retention are created, and messages are the lines of the file in order`() async throws {
        defer { tidyUp() }
        try await withLogger(["UNDERSTUDY_LOG_RETENTION_DAYS": "14"]) { logger, _ in
            try await log(0..<20, logger)
            _ = try await logger.call(LoggerAPI.log, LogEvent(eventType: "final_video", data: ["x": 1]))
            _ = try await logger.call(
                LoggerAPI.log, LogEvent(eventType: "final_video", data: ["job_id": "j"], stream: "a:b"))
            let counts = try await flush(logger)
            #expect(counts == SinkCounts(pending: 0, delivered: 22, dropped: 0, spoolBytes: counts?.spoolBytes))
            let stats = try await logger.call(ServiceStats.method, NoParams())
            #expect(stats.details?["sinks"]?["file"]?["delivered"] == 22)
            #expect(stats.details?["sinks"]?["cloudwatch"]?["pending"] == 0)
            let group = try boto("describe_log_groups")["logGroups"]?.array?.first
            #expect(group?["logGroupName"] == "/pipeline/agent6" && group?["retentionInDays"] == 14)
        }
        #expect(try numbers(stored()) == Array(0..<20))
        #expect(try stored("one").count == 1 && stored("a-b").count == 1)
        let file = try String(contentsOfFile: "\(stack.folder)/state/logger/events.jsonl", encoding: .utf8)
        let lines = file.split(separator: "\n").map(String.init)
        #expect(try stored().compactMap { $0["message"]?.string } == Array(lines.prefix(20)))
        #expect(
            lines[0].hasPrefix("{\"timestamp\":\"20") && lines[0].contains("\",\"event_type\":\"segment_generation\""))
        #expect(spoolFiles.isEmpty)
    }

    @Test
    func `pending events are delivered before the service stops`() async throws {
        defer { tidyUp() }
        try await withLogger(["UNDERSTUDY_LOG_BATCH_S": "600"]) { logger, _ in
            try await log(0..<50, logger)
            let stats = try await logger.call(ServiceStats.method, NoParams())
            #expect(stats.details?["sinks"]?["cloudwatch"]?["pending"] == 50)
        }
        #expect(try numbers(stored()) == Array(0..<50))
        #expect(try aws.send(["puts": true])["puts"] == [50])
    }

    @Test
    func `after a kill among 5,000 events and a restart, each accepted event is stored once`() async throws {
        defer { tidyUp() }
        let accepted = AcceptedEvents()
        try await withLogger(end: SIGKILL) { logger, program in
            try await log(0..<100, logger)
            _ = try await flush(logger)
            let puts = try aws.send(["puts": true])["puts"]?.array?.count ?? 0
            // The next batch is stored, and its response is delayed beyond the kill.
            try misbehave(["match": "PutLogEvents", "late": 30])
            await withTaskGroup(of: Void.self) { group in
                for lane in 0..<10 {
                    group.addTask {
                        for number in stride(from: 100 + lane, to: 5000, by: 10) {
                            guard (try? await logger.call(LoggerAPI.log, event(number))) != nil else { return }
                            await accepted.add(number)
                        }
                    }
                }
                group.addTask { [aws] in
                    _ = try? aws.send(["await_puts": .integer(Int64(puts + 1))])
                    program.signal(SIGKILL)
                }
                await group.waitForAll()
            }
        }
        let before = await accepted.numbers.union(0..<100)
        #expect(!spoolFiles.isEmpty)
        try await withLogger { logger, _ in
            try await log(5000..<5010, logger)
            let counts = try await flush(logger)
            #expect(counts?.pending == 0 && counts?.dropped == 0)
        }
        let found = try numbers(stored())
        #expect(found.count == Set(found).count)
        #expect(before.union(5000..<5010).isSubset(of: found))
        #expect(spoolFiles.isEmpty)
    }

    @Test
    func `a batch whose response was lost is found in the stream, and not sent again`() async throws {
        defer { tidyUp() }
        try await withLogger { logger, _ in
            try misbehave(["match": "PutLogEvents", "lost": true])
            try await log(0..<30, logger)
            try await untilDelivered(logger)
            #expect(try await flush(logger)?.delivered == 30)
        }
        #expect(try numbers(stored()).sorted() == Array(0..<30))
    }

    @Test
    func `a batch whose response was lost is sent again if the stream cannot be read`() async throws {
        defer { tidyUp() }
        try await withLogger(["UNDERSTUDY_LOG_BATCH_S": "600"]) { logger, _ in
            try misbehave(["match": "PutLogEvents", "lost": true])
            try misbehave(["match": "GetLogEvents", "json": "AccessDeniedException", "status": 400])
            try await log(0..<3, logger)
            try await untilDelivered(logger)
        }
        #expect(try numbers(stored()).sorted() == [0, 0, 1, 1, 2, 2])
    }

    @Test
    func `events are delivered once each after an outage, and after throttling`() async throws {
        defer { tidyUp() }
        try await withLogger { logger, _ in
            try misbehave(["match": "Logs_", "status": 503, "times": 1_000_000])
            try await log(0..<200, logger)
            let counts = try await flush(logger)
            #expect(counts?.pending == 200 && counts?.problem != nil)
            try aws.send(["heal": true])
            try await untilDelivered(logger)
            try misbehave(["match": "PutLogEvents", "json": "ThrottlingException", "times": 5])
            try await log(200..<210, logger)
            try await untilDelivered(logger)
            #expect(try await flush(logger)?.problem == nil)
        }
        #expect(try numbers(stored()) == Array(0..<210))
    }

    @Test
    func `events of an instance that was killed in an outage are delivered by another one, to the same stream`()
        async throws
    {
        defer { tidyUp() }
        try misbehave(["match": "Logs_", "status": 503, "times": 1_000_000])
        try await withLogger(end: SIGKILL) { logger, _ in
            try await log(0..<300, logger)
            #expect(try await flush(logger)?.pending == 300)
        }
        try aws.send(["heal": true])
        try await withLogger(instance: "two") { logger, _ in
            try await log(300..<310, logger)
            try await untilDelivered(logger)
        }
        #expect(try numbers(stored()) == Array(0..<300))
        #expect(try numbers(stored("j/two")) == Array(300..<310))
        #expect(spoolFiles.isEmpty)
    }

    @Test
    func `a log group that was deleted is created again`() async throws {
        defer { tidyUp() }
        try await withLogger { logger, _ in
            try await log(0..<5, logger)
            _ = try await flush(logger)
            try boto("delete_log_group", ["logGroupName": "/pipeline/agent6"])
            try await log(5..<10, logger)
            #expect(try await flush(logger)?.pending == 0)
        }
        #expect(try numbers(stored()) == Array(5..<10))
    }

    @Test
    func `events that are too old or too new are counted as dropped, and no batch spans more than a day`() async throws
    {
        defer { tidyUp() }
        let hour: Int64 = 3600 * 1000
        let now = Timestamp.now.milliseconds
        try await withLogger(["UNDERSTUDY_LOG_BATCH_S": "600"]) { logger, _ in
            for (number, time) in [now - 15 * 24 * hour, now - 30 * hour, now - 3 * hour, now, now + 3 * hour]
                .enumerated()
            {
                _ = try await logger.call(LoggerAPI.log, event(number, at: time))
            }
            let counts = try await flush(logger)
            #expect(counts?.delivered == 3 && counts?.dropped == 2 && counts?.pending == 0)
            #expect(try aws.send(["seen": "PutLogEvents"])["count"] == 3)
        }
        #expect(try numbers(stored()) == [1, 2, 3])
        let file = try String(contentsOfFile: "\(stack.folder)/state/logger/events.jsonl", encoding: .utf8)
        #expect(file.split(separator: "\n").count == 5)
    }

    @Test
    func `a rejected event does not delay the others of its batch`() async throws {
        defer { tidyUp() }
        try await withLogger(["UNDERSTUDY_LOG_BATCH_S": "600"]) { logger, _ in
            // Rejected are the four events, then two of them, then one.
            try misbehave(["match": "PutLogEvents", "json": "InvalidParameterException", "times": 3])
            try await log(0..<4, logger)
            let counts = try await flush(logger)
            #expect(counts?.delivered == 3 && counts?.dropped == 1 && counts?.pending == 0)
        }
        #expect(try numbers(stored()) == [1, 2, 3])
    }

    @Test
    func `an event of 2.5 MB is split into parts, and batches stay within the limits of CloudWatch`() async throws {
        defer { tidyUp() }
        let text = String(repeating: "ü\"n", count: 500_000)
        try await withLogger { logger, _ in
            _ = try await logger.call(LoggerAPI.log, event(1, text: text))
            try await log(2..<4, logger)
            #expect(try await flush(logger)?.dropped == 0)
        }
        let messages = try stored().map {
            try JSONCoding.decode(JSONValue.self, from: Data(($0["message"]?.string ?? "").utf8))
        }
        let parts = messages.filter { $0["data"]?["part"] != nil }
        #expect(parts.count > 2 && parts.count == messages.count - 2)
        #expect(parts.allSatisfy { $0["data"]?["job_id"] == "j" })
        let joined = parts.compactMap { $0["data"]?["text"]?.string }.joined()
        #expect(try JSONCoding.decode(JSONValue.self, from: Data(joined.utf8))["text"]?.string == text)
        #expect(try aws.send(["seen": "PutLogEvents"])["count"] == .integer(Int64(try puts())))
    }

    /// The number of accepted batches.
    private func puts() throws -> Int { try aws.send(["puts": true])["puts"]?.array?.count ?? 0 }

    @Test
    func `expired credentials are reported, and events are delivered once they are renewed`() async throws {
        defer { tidyUp() }
        let file = "\(stack.folder)/credentials"
        func keys(_ id: String) throws {
            try "[default]\naws_access_key_id = \(id)\naws_secret_access_key = hush\n".write(
                toFile: file, atomically: true, encoding: .utf8)
        }
        try aws.send(["keys": ["old": "hush", "new": "hush"]])
        try keys("old")
        try await withLogger([
            "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SHARED_CREDENTIALS_FILE": file,
        ]) { logger, _ in
            try await log(0..<5, logger)
            #expect(try await flush(logger)?.pending == 0)
            try aws.send(["expire": "old"])
            try await log(5..<10, logger)
            let counts = try await flush(logger)
            #expect(counts?.pending == 5 && counts?.problem?.contains("sign in to AWS again") == true)
            #expect(counts?.problem?.contains("hush") == false)
            try keys("new")
            try await untilDelivered(logger)
        }
        #expect(try numbers(stored()) == Array(0..<10))
    }

    @Test
    func `with a full spool, the file has every event, and those that CloudWatch will miss are counted`() async throws {
        defer { tidyUp() }
        try misbehave(["match": "Logs_", "status": 503, "times": 1_000_000])
        try await withLogger(["UNDERSTUDY_LOG_SPOOL_BYTES": "65536"]) { logger, _ in
            for number in 0..<100 {
                _ = try await logger.call(LoggerAPI.log, event(number, text: String(repeating: "x", count: 1000)))
            }
            let counts = try await flush(logger)
            #expect((counts?.dropped ?? 0) > 20 && (counts?.pending ?? 0) + (counts?.dropped ?? 0) == 100)
            try aws.send(["heal": true])
            try await untilDelivered(logger)
            _ = try await logger.call(LoggerAPI.log, event(100))
            #expect(try await flush(logger)?.delivered == 101 - (counts?.dropped ?? 0))
            #expect(try await logger.call(LoggerAPI.tail, TailEvents(limit: 1000)).events.count == 101)
        }
    }
}
