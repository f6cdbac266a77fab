import Contracts
import FoundationEssentials
import JSONRPC
import Testing

@testable import EventLogger

@Suite struct EventFileTests {
    private func withFile(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/us-log-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body("\(folder)/events.jsonl")
    }

    private func event(_ number: Int, job: String = "j") -> LoggedEvent {
        LoggedEvent(
            timestamp: Timestamp(milliseconds: Int64(number)), eventType: "segment_generation",
            data: ["job_id": .string(job), "n": .integer(Int64(number))])
    }

    @Test("a line holds exactly timestamp, event_type and data, in this order")
    func line() async throws {
        try await withFile { path in
            try await EventFile(path: path).append(event(7))
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(
                text == "{\"timestamp\":\"1970-01-01T00:00:00.007Z\",\"event_type\":\"segment_generation\","
                    + "\"data\":{\"job_id\":\"j\",\"n\":7}}\n")
        }
    }

    @Test("the tail gives the newest that fit, oldest first, by job and kind, whatever else is in the file")
    func tail() async throws {
        try await withFile { path in
            let file = EventFile(path: path)
            for number in 0..<3000 { try await file.append(event(number, job: number % 2 == 0 ? "a" : "b")) }
            let found = try await file.tail(jobID: "a", eventType: nil, limit: 3)
            #expect(found.map { $0.data["n"]?.double } == [2994, 2996, 2998])
            #expect(try await file.tail(jobID: nil, eventType: "final_video", limit: 3).isEmpty)
        }
    }

    @Test("a torn last line is ended before the next event, and passed over by the tail")
    func torn() async throws {
        try await withFile { path in
            try await EventFile(path: path).append(event(1))
            var text = try String(contentsOfFile: path, encoding: .utf8)
            text += "{\"timestamp\":\"19"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            let file = EventFile(path: path)
            try await file.append(event(2))
            #expect(try await file.tail(jobID: nil, eventType: nil, limit: 10).count == 2)
        }
    }

    @Test("a file that has grown is put aside, and the tail reads on in it")
    func rotation() async throws {
        try await withFile { path in
            let file = EventFile(path: path, maximumBytes: 2000)
            for number in 0..<30 { try await file.append(event(number)) }
            #expect(FileManager.default.fileExists(atPath: path.replacing(".jsonl", with: ".1.jsonl")))
            let found = try await file.tail(jobID: nil, eventType: nil, limit: 20)
            #expect(found.count > 10 && found.last?.data["n"]?.double == 29)
        }
    }

    @Test("odd event types and data that is no object are refused")
    func refused() async throws {
        try await withFile { path in
            let log = EventLog(file: EventFile(path: path))
            for type in ["", "Upper", "a b", String(repeating: "x", count: 65)] {
                await #expect(throws: ServiceError.self) {
                    try await log.log(LogEvent(eventType: type, data: [:]))
                }
            }
            await #expect(throws: ServiceError.self) { try await log.log(LogEvent(eventType: "a", data: [1])) }
            let accepted = try await log.log(LogEvent(eventType: "a.b_1", data: [:]))
            #expect(accepted.accepted)
        }
    }

    @Test("a place that cannot be written is told, and counted as dropped")
    func unwritable() async throws {
        let file = EventFile(path: "/proc/nowhere/events.jsonl")
        await #expect(throws: ServiceError.self) { try await file.append(event(1)) }
        #expect(await file.dropped == 1)
    }
}
