// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import JSON
import Parameters
import TestSupport
import Testing

@testable import EventLogger

@Suite(.timeLimit(.minutes(5))) struct EventFileTests {
    private func withFile(_ body: (String) async throws -> Void) async throws {
        let folder = TemporaryPath.new("log")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body("\(folder)/events.jsonl")
    }

    private func add(_ number: Int, job: String = "j", to file: EventFile) async throws {
        try await file.append(
            Timestamp(milliseconds: Int64(number)), "segment_generation",
            data: Data("{\"job_id\":\"\(job)\",\"n\":\(number)}".utf8))
    }

    private func tail(
        _ file: EventFile, jobID: String? = nil, eventType: String? = nil, limit: Int
    ) throws -> [LoggedEvent] {
        try EventTail(jobID: jobID, eventType: eventType, limit: limit).read(file.paths) { false }.events
    }

    @Test
    func `a line holds exactly timestamp, event_type and data, in this order`() async throws {
        try await withFile { path in
            try await add(7, to: EventFile(path: path))
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(
                text == "{\"timestamp\":\"1970-01-01T00:00:00.007Z\",\"event_type\":\"segment_generation\","
                    + "\"data\":{\"job_id\":\"j\",\"n\":7}}\n")
        }
    }

    @Test
    func `the tail returns the newest events of a job or type, oldest first`() async throws {
        try await withFile { path in
            let file = EventFile(path: path)
            for number in 0..<3000 { try await add(number, job: number % 2 == 0 ? "a" : "b", to: file) }
            let found = try tail(file, jobID: "a", limit: 3)
            #expect(found.map { $0.data["n"]?.double } == [2994, 2996, 2998])
            #expect(try tail(file, eventType: "final_video", limit: 3).isEmpty)
        }
    }

    @Test
    func `a torn last line is terminated before the next event, and skipped by the tail`() async throws {
        try await withFile { path in
            try await add(1, to: EventFile(path: path))
            var text = try String(contentsOfFile: path, encoding: .utf8)
            text += "{\"timestamp\":\"19"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            let file = EventFile(path: path)
            try await add(2, to: file)
            #expect(try tail(file, limit: 10).count == 2)
        }
    }

    @Test
    func `a large file is rotated, and the tail continues in the rotated file`() async throws {
        try await withFile { path in
            let file = EventFile(path: path, maximumBytes: 2000)
            for number in 0..<30 { try await add(number, to: file) }
            #expect(FileManager.default.fileExists(atPath: path.replacing(".jsonl", with: ".1.jsonl")))
            let found = try tail(file, limit: 20)
            #expect(found.count > 10 && found.last?.data["n"]?.double == 29)
        }
    }

    @Test
    func `invalid event types and data that is not an object are rejected`() async throws {
        try await withFile { path in
            let file = EventFile(path: path)
            let log = EventLog(file: file, sinks: [FileSink(file: file)])
            for type in ["", "Upper", "a b", String(repeating: "x", count: 65)] {
                let params = try JSONCoding.encode(LogEvent(eventType: type, data: [:]))
                #expect(throws: ServiceError.self) { try ParameterDecoder.decode(LogEvent.self, from: params) }
            }
            await #expect(throws: ServiceError.self) {
                try await log.log(LogEvent(eventType: "a", data: [1]), params: Data("{\"data\":[1]}".utf8))
            }
        }
    }

    @Test
    func `data is stored verbatim, with its order of members and its digits`() async throws {
        try await withFile { path in
            let data = "{\"z\":1.50,\"a\":12345678901234567890, \"ü\":\"\\u00e9\"}"
            let params = Data(
                "{\"event_type\":\"a.b_1\",\"data\": \(data),\"timestamp\":\"2026-11-23T12:00:00Z\"}".utf8)
            let event = try JSONCoding.decode(LogEvent.self, from: params)
            let accepted = try await EventLog(file: nil, sinks: [FileSink(file: EventFile(path: path))]).log(
                event, params: params)
            #expect(accepted.isAccepted)
            #expect(
                try String(contentsOfFile: path, encoding: .utf8)
                    == "{\"timestamp\":\"2026-11-23T12:00:00.000Z\",\"event_type\":\"a.b_1\",\"data\":\(data)}\n")
        }
    }

    @Test
    func `concurrent writers of one file neither lose nor tear lines, even during rotation`() async throws {
        try await withFile { path in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        let file = EventFile(path: path, maximumBytes: 30_000)
                        for number in 0..<100 { try await add(writer * 1000 + number, to: file) }
                    }
                }
                try await group.waitForAll()
            }
            let found = try tail(EventFile(path: path), limit: 1000)
            #expect(Set(found.compactMap { $0.data["n"]?.double }).count == 400)
        }
    }

    @Test
    func `a failed write throws and counts the event as dropped`() async throws {
        let file = EventFile(path: "/proc/nowhere/events.jsonl")
        await #expect(throws: ServiceError.self) { try await add(1, to: file) }
        #expect(await file.dropped == 1)
    }
}
