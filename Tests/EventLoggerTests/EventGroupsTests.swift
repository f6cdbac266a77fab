import Contracts
import Faults
import FoundationEssentials
import JSON
import ServiceKit
import Synchronization
import Testing

@testable import EventLogger

@Suite struct EventGroupsTests {
    @Test("events of many callers are written once each, in few writes, and each caller hears of its own write")
    func groups() async throws {
        let writes = Mutex<[[KeptEvent]]>([])
        let groups = EventGroups(maximumCount: 100) { events in
            writes.withLock { $0.append(events) }
            await Task.yield()
            return events.contains { $0.stream == "bad" } ? ServiceError(.unavailable, "full") : nil
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<2000 {
                tasks.addTask {
                    try await groups.append([KeptEvent(Timestamp(milliseconds: Int64(number)), "a", data: Data())])
                }
            }
            try await tasks.waitForAll()
        }
        let all = writes.withLock { $0 }
        #expect(Set(all.joined().map(\.timestamp)).count == 2000 && all.joined().count == 2000)
        #expect(all.allSatisfy { $0.count <= 100 })
        await #expect(throws: ServiceError.self) {
            try await groups.append([KeptEvent(.now, "a", data: Data(), stream: "bad")])
        }
        try await groups.append([KeptEvent(.now, "a", data: Data())])
    }

    @Test("an event is accepted while one sink has it, and refused when none has")
    func sinks() async throws {
        let folder = "/tmp/us-log-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (good, bad) = (EventFile(path: "\(folder)/a.jsonl"), EventFile(path: "/proc/nowhere/a.jsonl"))
        let event = LogEvent(eventType: "a", data: [:])
        let params = Data("{\"data\":{}}".utf8)
        let log = EventLog(file: good, sinks: [FileSink(file: bad), FileSink(file: good)])
        _ = try await log.log(event, params: params)
        #expect(await good.delivered == 1)
        #expect(await bad.dropped == 1)
        await #expect(throws: ServiceError.self) {
            try await EventLog(file: nil, sinks: [FileSink(file: bad)]).log(event, params: params)
        }
        let error = await #expect(throws: ServiceError.self) {
            try await EventLog(file: nil, sinks: []).tail(TailEvents())
        }
        #expect(error?.message.contains("UNDERSTUDY_LOG_SINKS") == true)
    }

    @Test("settings that cannot be meant are told by their variable's name")
    func settings() throws {
        let good = try LogSettings(
            ServiceSettings(environment: [
                "UNDERSTUDY_LOG_SINKS": "file, cloudwatch", "UNDERSTUDY_LOG_RETENTION_DAYS": "14",
                "UNDERSTUDY_LOG_SPOOL_BYTES": "65536", "UNDERSTUDY_STATE_DIR": "/s",
            ]))
        #expect(good.sinks == [.file, .cloudwatch] && good.retentionDays == 14 && good.group == "/pipeline/agent6")
        #expect(good.file == "/s/logger/events.jsonl" && good.spoolFolder == "/s/logger/spool")
        #expect(try LogSettings(ServiceSettings(environment: [:])).sinks == [.file])
        for (name, value) in [
            ("UNDERSTUDY_LOG_SINKS", "cloud"), ("UNDERSTUDY_LOG_SINKS", ","), ("UNDERSTUDY_LOG_RETENTION_DAYS", "2"),
            ("UNDERSTUDY_LOG_GROUP", "a b"), ("UNDERSTUDY_LOG_SPOOL_BYTES", "1"), ("UNDERSTUDY_LOG_BATCH_S", "-1"),
            ("UNDERSTUDY_LOG_SETTLE_S", "x"),
        ] {
            let error = #expect(throws: ServiceError.self) {
                try LogSettings(ServiceSettings(environment: [name: value]))
            }
            #expect(error?.message.contains(name) == true)
        }
    }
}
