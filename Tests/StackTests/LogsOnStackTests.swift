import Calls
import Contracts
import Foundation
import JSON
import JSONRPC
import ServiceKit
import ServicePool
import StandIns
import Testing

private actor Accepted {
    private(set) var numbers: Set<Int> = []

    func add(_ number: Int) { numbers.insert(number) }
}

/// `logger` with CloudWatch Logs, with boto3 to look at what arrived.
@Suite(.serialized) struct LogsOnStackTests {
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

    /// Runs `body` with a logger, which is then stopped by the signal.
    private func withLogger(
        _ more: [String: String] = [:], instance: String = "one", end: Int32 = SIGTERM,
        _ body: (RPCConnection, Program) async throws -> Void
    ) async throws {
        let own = stack.environment.merging(["UNDERSTUDY_INSTANCE": instance]) { $1 }
        let logger = try await Program("logger", environment: own.merging(more) { $1 })
        do {
            let connection = try await RPCConnection.connect(
                to: try stack.run.socketPath(service: "logger", instance: instance), patience: .seconds(20))
            try await body(connection, logger)
            logger.signal(end)
            let ended = await logger.ended()
            #expect(ended.status == (end == SIGTERM ? 0 : 128 + end), "\(ended.errors)")
            await connection.close()
        } catch {
            logger.signal(SIGKILL)
            print(await logger.ended().errors)
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

    private func log(_ numbers: some Sequence<Int>, job: String = "j", _ logger: RPCConnection) async throws {
        for number in numbers { _ = try await logger.call(LoggerAPI.log, event(number, job: job)) }
    }

    private func cloud(_ logger: RPCConnection) async throws -> SinkCounts? {
        try await logger.call(LoggerAPI.flush, NoParams()).sinks?["cloudwatch"]
    }

    @discardableResult
    private func boto(_ call: String, _ arguments: [String: JSONValue] = [:]) throws -> JSONValue {
        try aws.ask(["service": "logs", "call": .string(call), "args": .object(arguments)])
    }

    /// The events of a stream as boto3 reads them, all pages.
    private func stored(_ stream: String = "j/one") throws -> [JSONValue] {
        var events: [JSONValue] = []
        var token: JSONValue?
        while true {
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
    }

    private func numbers(_ events: [JSONValue]) throws -> [Int] {
        try events.map { event in
            let message = try JSONCoding.decode(JSONValue.self, from: Data((event["message"]?.string ?? "").utf8))
            return Int(message["data"]?["n"]?.double ?? -1)
        }
    }

    private func misbehave(_ fault: JSONValue) throws { try aws.ask(["misbehave": fault]) }

    private var spoolFiles: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(stack.folder)/state/logger/spool")) ?? []
    }

    @Test(
        "group, stream and retention are made, and each message is the file's line, in order; stats tell what became of it"
    )
    func delivered() async throws {
        defer { tidyUp() }
        try await withLogger(["UNDERSTUDY_LOG_RETENTION_DAYS": "14"]) { logger, _ in
            try await log(0..<20, logger)
            _ = try await logger.call(LoggerAPI.log, LogEvent(eventType: "final_video", data: ["x": 1]))
            _ = try await logger.call(
                LoggerAPI.log, LogEvent(eventType: "final_video", data: ["job_id": "j"], stream: "a:b"))
            let counts = try await cloud(logger)
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

    @Test("what waits when the service is told to stop is delivered first")
    func stopped() async throws {
        defer { tidyUp() }
        try await withLogger(["UNDERSTUDY_LOG_BATCH_S": "600"]) { logger, _ in
            try await log(0..<50, logger)
            let stats = try await logger.call(ServiceStats.method, NoParams())
            #expect(stats.details?["sinks"]?["cloudwatch"]?["pending"] == 50)
        }
        #expect(try numbers(stored()) == Array(0..<50))
        #expect(try aws.ask(["puts": true])["puts"] == [50])
    }

    @Test("killed among 5,000 events and started again, each that was accepted is there once")
    func killed() async throws {
        defer { tidyUp() }
        let accepted = Accepted()
        try await withLogger(end: SIGKILL) { logger, program in
            try await log(0..<100, logger)
            _ = try await cloud(logger)
            let puts = try aws.ask(["puts": true])["puts"]?.array?.count ?? 0
            // The next batch is stored, but its answer does not come before the end.
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
                    _ = try? aws.ask(["await_puts": .integer(Int64(puts + 1))])
                    program.signal(SIGKILL)
                }
                await group.waitForAll()
            }
        }
        let before = await accepted.numbers.union(0..<100)
        #expect(!spoolFiles.isEmpty)
        try await withLogger { logger, _ in
            try await log(5000..<5010, logger)
            let counts = try await cloud(logger)
            #expect(counts?.pending == 0 && counts?.dropped == 0)
        }
        let found = try numbers(stored())
        #expect(found.count == Set(found).count)
        #expect(before.union(5000..<5010).isSubset(of: found))
        #expect(spoolFiles.isEmpty)
    }

    @Test("a batch whose answer was lost is looked for in the stream, and not sent again")
    func lost() async throws {
        defer { tidyUp() }
        try await withLogger { logger, _ in
            try misbehave(["match": "PutLogEvents", "lost": true])
            try await log(0..<30, logger)
            while try await cloud(logger)?.pending != 0 {}
            #expect(try await cloud(logger)?.delivered == 30)
        }
        #expect(try numbers(stored()).sorted() == Array(0..<30))
    }

    @Test("where the stream may not be read, a batch whose answer was lost is rather sent twice than lost")
    func unreadable() async throws {
        defer { tidyUp() }
        try await withLogger(["UNDERSTUDY_LOG_BATCH_S": "600"]) { logger, _ in
            try misbehave(["match": "PutLogEvents", "lost": true])
            try misbehave(["match": "GetLogEvents", "json": "AccessDeniedException", "status": 400])
            try await log(0..<3, logger)
            while try await cloud(logger)?.pending != 0 {}
        }
        #expect(try numbers(stored()).sorted() == [0, 0, 1, 1, 2, 2])
    }

    @Test("in an outage events wait, and are delivered once each when it is over; so they are after throttling")
    func outage() async throws {
        defer { tidyUp() }
        try await withLogger { logger, _ in
            try misbehave(["match": "Logs_", "status": 503, "times": 1_000_000])
            try await log(0..<200, logger)
            let counts = try await cloud(logger)
            #expect(counts?.pending == 200 && counts?.trouble != nil)
            try aws.ask(["heal": true])
            while try await cloud(logger)?.pending != 0 {}
            try misbehave(["match": "PutLogEvents", "json": "ThrottlingException", "times": 5])
            try await log(200..<210, logger)
            while try await cloud(logger)?.pending != 0 {}
            #expect(try await cloud(logger)?.trouble == nil)
        }
        #expect(try numbers(stored()) == Array(0..<210))
    }

    @Test("what an instance leaves behind when it is killed in an outage, another delivers to the same stream")
    func inherited() async throws {
        defer { tidyUp() }
        try misbehave(["match": "Logs_", "status": 503, "times": 1_000_000])
        try await withLogger(end: SIGKILL) { logger, _ in
            try await log(0..<300, logger)
            #expect(try await cloud(logger)?.pending == 300)
        }
        try aws.ask(["heal": true])
        try await withLogger(instance: "two") { logger, _ in
            try await log(300..<310, logger)
            while try await cloud(logger)?.pending != 0 {}
        }
        #expect(try numbers(stored()) == Array(0..<300))
        #expect(try numbers(stored("j/two")) == Array(300..<310))
        #expect(spoolFiles.isEmpty)
    }

    @Test("a group that somebody removed is made again")
    func removed() async throws {
        defer { tidyUp() }
        try await withLogger { logger, _ in
            try await log(0..<5, logger)
            _ = try await cloud(logger)
            try boto("delete_log_group", ["logGroupName": "/pipeline/agent6"])
            try await log(5..<10, logger)
            #expect(try await cloud(logger)?.pending == 0)
        }
        #expect(try numbers(stored()) == Array(5..<10))
    }

    @Test("events too old and too new are counted as dropped, and no batch spans more than a day")
    func rejected() async throws {
        defer { tidyUp() }
        let hour: Int64 = 3600 * 1000
        let now = Timestamp.now.milliseconds
        try await withLogger(["UNDERSTUDY_LOG_BATCH_S": "600"]) { logger, _ in
            for (number, time) in [now - 15 * 24 * hour, now - 30 * hour, now - 3 * hour, now, now + 3 * hour]
                .enumerated()
            {
                _ = try await logger.call(LoggerAPI.log, event(number, at: time))
            }
            let counts = try await cloud(logger)
            #expect(counts?.delivered == 3 && counts?.dropped == 2 && counts?.pending == 0)
            #expect(try aws.ask(["seen": "PutLogEvents"])["count"] == 3)
        }
        #expect(try numbers(stored()) == [1, 2, 3])
        let file = try String(contentsOfFile: "\(stack.folder)/state/logger/events.jsonl", encoding: .utf8)
        #expect(file.split(separator: "\n").count == 5)
    }

    @Test("an event that CloudWatch refuses does not hold up the others of its batch")
    func refused() async throws {
        defer { tidyUp() }
        try await withLogger(["UNDERSTUDY_LOG_BATCH_S": "600"]) { logger, _ in
            // Four are refused, then two, then one.
            try misbehave(["match": "PutLogEvents", "json": "InvalidParameterException", "times": 3])
            try await log(0..<4, logger)
            let counts = try await cloud(logger)
            #expect(counts?.delivered == 3 && counts?.dropped == 1 && counts?.pending == 0)
        }
        #expect(try numbers(stored()) == [1, 2, 3])
    }

    @Test("an event of 2.5 MB arrives in parts that CloudWatch takes, and batches keep its limits")
    func large() async throws {
        defer { tidyUp() }
        let text = String(repeating: "ü\"n", count: 500_000)
        try await withLogger { logger, _ in
            _ = try await logger.call(LoggerAPI.log, event(1, text: text))
            try await log(2..<4, logger)
            #expect(try await cloud(logger)?.dropped == 0)
        }
        let messages = try stored().map {
            try JSONCoding.decode(JSONValue.self, from: Data(($0["message"]?.string ?? "").utf8))
        }
        let parts = messages.filter { $0["data"]?["part"] != nil }
        #expect(parts.count > 2 && parts.count == messages.count - 2)
        #expect(parts.allSatisfy { $0["data"]?["job_id"] == "j" })
        let joined = parts.compactMap { $0["data"]?["text"]?.string }.joined()
        #expect(try JSONCoding.decode(JSONValue.self, from: Data(joined.utf8))["text"]?.string == text)
        #expect(try aws.ask(["seen": "PutLogEvents"])["count"] == .integer(Int64(try puts())))
    }

    private func puts() throws -> Int { try aws.ask(["puts": true])["puts"]?.array?.count ?? 0 }

    @Test("credentials that expire are told, and events go out when they are renewed")
    func expired() async throws {
        defer { tidyUp() }
        let file = "\(stack.folder)/credentials"
        func keys(_ id: String) throws {
            try "[default]\naws_access_key_id = \(id)\naws_secret_access_key = hush\n".write(
                toFile: file, atomically: true, encoding: .utf8)
        }
        try aws.ask(["keys": ["old": "hush", "new": "hush"]])
        try keys("old")
        try await withLogger([
            "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SHARED_CREDENTIALS_FILE": file,
        ]) { logger, _ in
            try await log(0..<5, logger)
            #expect(try await cloud(logger)?.pending == 0)
            try aws.ask(["expire": "old"])
            try await log(5..<10, logger)
            let counts = try await cloud(logger)
            #expect(counts?.pending == 5 && counts?.trouble?.contains("sign in to AWS again") == true)
            #expect(counts?.trouble?.contains("hush") == false)
            try keys("new")
            while try await cloud(logger)?.pending != 0 {}
        }
        #expect(try numbers(stored()) == Array(0..<10))
    }

    @Test("when the spool is full, the file still has every event, and what CloudWatch will miss is counted")
    func full() async throws {
        defer { tidyUp() }
        try misbehave(["match": "Logs_", "status": 503, "times": 1_000_000])
        try await withLogger(["UNDERSTUDY_LOG_SPOOL_BYTES": "65536"]) { logger, _ in
            for number in 0..<100 {
                _ = try await logger.call(LoggerAPI.log, event(number, text: String(repeating: "x", count: 1000)))
            }
            let counts = try await cloud(logger)
            #expect((counts?.dropped ?? 0) > 20 && (counts?.pending ?? 0) + (counts?.dropped ?? 0) == 100)
            try aws.ask(["heal": true])
            while try await cloud(logger)?.pending != 0 {}
            _ = try await logger.call(LoggerAPI.log, event(100))
            #expect(try await cloud(logger)?.delivered == 101 - (counts?.dropped ?? 0))
            #expect(try await logger.call(LoggerAPI.tail, TailEvents(limit: 1000)).events.count == 101)
        }
    }
}
