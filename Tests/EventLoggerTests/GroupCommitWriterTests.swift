// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import JSON
import ServiceKit
import Synchronization
import TestSupport
import Testing

@testable import EventLogger

@Suite(.timeLimit(.minutes(5))) struct GroupCommitWriterTests {
    @Test
    func `events of concurrent callers are written once, and each caller gets the result of its write`() async throws {
        let writes = Mutex<[[SpooledEvent]]>([])
        let writer = GroupCommitWriter(maximumCount: 100) { events in
            writes.withLock { $0.append(events) }
            await Task.yield()
            return events.contains { $0.stream == "bad" } ? ServiceError(.unavailable, "full") : nil
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<2000 {
                tasks.addTask {
                    try await writer.append([SpooledEvent(Timestamp(milliseconds: Int64(number)), "a", data: Data())])
                }
            }
            try await tasks.waitForAll()
        }
        let groups = writes.withLock { $0 }
        #expect(Set(groups.joined().map(\.timestamp)).count == 2000 && groups.joined().count == 2000)
        #expect(groups.allSatisfy { $0.count <= 100 })
        await #expect(throws: ServiceError.self) {
            try await writer.append([SpooledEvent(.now, "a", data: Data(), stream: "bad")])
        }
        try await writer.append([SpooledEvent(.now, "a", data: Data())])
    }

    @Test
    func `an event is accepted if at least one sink accepts it`() async throws {
        let folder = TemporaryPath.new("log")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (writable, unwritable) = (EventFile(path: "\(folder)/a.jsonl"), EventFile(path: "/proc/nowhere/a.jsonl"))
        let event = LogEvent(eventType: "a", data: [:])
        let params = Data("{\"data\":{}}".utf8)
        let log = EventLog(file: writable, sinks: [FileSink(file: unwritable), FileSink(file: writable)])
        _ = try await log.log(event, params: params)
        #expect(await writable.delivered == 1)
        #expect(await unwritable.dropped == 1)
        await #expect(throws: ServiceError.self) {
            try await EventLog(file: nil, sinks: [FileSink(file: unwritable)]).log(event, params: params)
        }
        let error = await #expect(throws: ServiceError.self) {
            try await EventLog(file: nil, sinks: []).tail(TailEvents())
        }
        #expect(error?.message.contains("UNDERSTUDY_LOG_SINKS") == true)
    }

    @Test
    func `invalid settings are errors that name the variable`() throws {
        let settings = try LogSettings(
            ServiceSettings(environment: [
                "UNDERSTUDY_LOG_SINKS": "file, cloudwatch", "UNDERSTUDY_LOG_RETENTION_DAYS": "14",
                "UNDERSTUDY_LOG_SPOOL_BYTES": "65536", "UNDERSTUDY_STATE_DIR": "/s",
            ]))
        #expect(
            settings.sinks == [.file, .cloudwatch] && settings.retentionDays == 14
                && settings.group == "/pipeline/agent6")
        #expect(settings.file == "/s/logger/events.jsonl" && settings.spoolFolder == "/s/logger/spool")
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
