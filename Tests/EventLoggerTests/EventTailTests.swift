// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import EventLogger

@Suite(.timeLimit(.minutes(1))) struct EventTailTests {
    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let path = TemporaryPath.new("tail", suffix: ".jsonl")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try body(path)
    }

    private func line(_ number: Int, _ text: String = "", job: String = "j") -> String {
        "{\"timestamp\":\"2026-11-23T12:00:00.000Z\",\"event_type\":\"a\",\"data\":"
            + "{\"n\":\(number),\"t\":\"\(text)\",\"job_id\":\"\(job)\"}}\n"
    }

    private func lines(_ path: String) throws -> [String] {
        let reader = try ReverseLineReader(path: path)
        var found: [String] = []
        while let line = reader.next() { found.append(String(decoding: line, as: UTF8.self)) }
        return found
    }

    @Test(arguments: [0, 1, 65_535, 65_536, 65_537])
    func `lines are read from the end, for any position of block boundaries`(_ length: Int) throws {
        let long = String(repeating: "x", count: length)
        try withFile("first\n\n\(long)\nmiddle\n\(long)\(long)\nlast") { path in
            let expected = ["last", long + long, "middle", long, "first"].filter { !$0.isEmpty }
            let found = try lines(path)
            #expect(found == expected)
        }
    }

    @Test
    func `a line that exceeds the maximum size is skipped`() throws {
        let huge = String(repeating: "y", count: ReverseLineReader.maximumLine + 1)
        try withFile(line(1) + huge + "\n" + line(2)) { path in
            let found = try EventTail(jobID: nil, eventType: nil, limit: 10).read([path]) { false }
            #expect(found.events.map { $0.data["n"]?.double } == [1, 2])
        }
    }

    @Test
    func `a result is limited in bytes and reports that it is cut`() throws {
        let text = String(repeating: "z", count: 500_000)
        try withFile((1...10).map { line($0, text) }.joined()) { path in
            let tail = try EventTail(jobID: nil, eventType: nil, limit: 10).read([path]) { false }
            #expect(tail.events.map { $0.data["n"]?.double } == [7, 8, 9, 10])
            #expect(tail.isCut == true)
        }
    }

    @Test
    func `a job is found by its identifier, with and without escapes in the line`() throws {
        try withFile(line(1, job: "job-1") + line(2, job: "job\\u002d1") + line(3, job: "other")) { path in
            let tail = try EventTail(jobID: "job-1", eventType: "a", limit: 10).read([path]) { false }
            #expect(tail.events.map { $0.data["n"]?.double } == [1, 2])
            #expect(tail.isCut == nil)
        }
    }

    @Test
    func `names that exceed their bounds are rejected before anything is read`() throws {
        for name in ["", String(repeating: "x", count: 257), String(repeating: "x", count: 2_000_000)] {
            for (job, type) in [(name, nil), (nil, name)] as [(String?, String?)] {
                let error = #expect(throws: ServiceError.self) {
                    try EventTail(jobID: job, eventType: type, limit: 10)
                }
                #expect(error?.kind == .invalidParams && (error?.message.utf8.count ?? 0) < 200)
            }
        }
        _ = try EventTail(jobID: String(repeating: "x", count: 256), eventType: "a", limit: 1)
    }

    @Test
    func `a cancelled call stops reading, and a file with two paths is read once`() throws {
        try withFile(line(1)) { path in
            let tail = try EventTail(jobID: nil, eventType: nil, limit: 10)
            #expect(throws: CancellationError.self) { try tail.read([path]) { true } }
            let found = try tail.read([path, path]) { false }
            #expect(found.events.count == 1)
        }
    }
}
