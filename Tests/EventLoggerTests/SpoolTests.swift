// SPDX-License-Identifier: Apache-2.0

import AWS
import Contracts
import Faults
import FoundationEssentials
import TestSupport
import Testing

@testable import EventLogger

@Suite(.timeLimit(.minutes(5))) struct SpoolTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = TemporaryPath.new("spool")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func event(_ number: Int, _ stream: String = "s", bytes: Int = 0) -> SpooledEvent {
        let text = String(repeating: "x", count: bytes)
        return SpooledEvent(
            Timestamp(milliseconds: Int64(number)), "a", data: Data("{\"n\":\(number),\t\"x\":\"\(text)\"}".utf8),
            stream: stream)
    }

    private func spool(_ folder: String, maximumBytes: Int = 1 << 20) -> Spool {
        Spool(folder: folder, instance: "one/é", maximumBytes: maximumBytes)
    }

    /// Delivers all events.
    ///
    /// - Returns: the timestamps of the events in the order of delivery.
    private func drain(_ spool: Spool) async throws -> [Int64] {
        var times: [Int64] = []
        for _ in 0..<1000 {
            guard await spool.pending > 0 else { return times }
            try await spool.readOldest()
            while let work = await spool.nextWork() {
                switch work {
                case .send(_, let batch), .verify(_, let batch, _):
                    times += batch.events.map(\.timestamp)
                    try await spool.record(.delivered(RecordRanges(batch.numbers)))
                }
            }
            try await spool.removeDelivered()
        }
        Issue.record("events are still pending after 1000 rounds")
        return times
    }

    private func files(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    @Test
    func `lines round-trip, and a line with a changed byte is rejected`() {
        let numbers = RecordRanges([7, 1, 2, 3, 9])
        #expect(numbers.text == "1-3,7,9" && RecordRanges(text: "1-3,7,9") == numbers)
        for invalid in ["", "a", "3-1", "1-2-3", "-1", "1,,2", "0-1099511627775", "0-9223372036854775807"] {
            #expect(RecordRanges(text: invalid) == nil)
        }
        let lines: [SpoolLine] = [
            .event(event(5, "a b/c")), .sending(numbers, at: 12), .delivered(numbers), .dropped(numbers),
            .returned(numbers),
        ]
        var read: [SpoolLine] = []
        let text = lines.reduce(Data()) { $0 + $1.data }
        #expect(SpoolLine.read(text + Data("torn".utf8)) { read.append($0) } == text.count)
        #expect(read == lines)
        for index in lines[0].data.indices.dropLast() {
            var data = lines[0].data
            data[index] ^= 1
            SpoolLine.read(data) { line in Issue.record("\(line)") }
        }
    }

    @Test
    func `a spool truncated at any byte returns its pending events once, and its unconfirmed batches`() async throws {
        var random = SeededGenerator(for: "SpoolTests")
        let seed = random.seed
        for _ in 0..<60 {
            try await withFolder { folder in
                // A random history: events of three streams, and batches that were sent, some with a result.
                var lines: [SpoolLine] = []
                var pending: [[Int]] = [[], [], []]
                var count = 0
                for _ in 0..<Int.random(in: 1...40, using: &random) {
                    let stream = Int.random(in: 0..<3, using: &random)
                    if Bool.random(using: &random) || pending[stream].isEmpty {
                        lines.append(.event(event(count, "s\(stream)")))
                        pending[stream].append(count)
                        count += 1
                    } else {
                        let numbers = RecordRanges(pending[stream].prefix(.random(in: 1...3, using: &random)))
                        lines.append(.sending(numbers, at: 1))
                        switch Int.random(in: 0..<3, using: &random) {
                        case 0: lines.append(.returned(numbers))
                        case 1: lines.append(.dropped(numbers))
                        default: lines.append(.delivered(numbers))
                        }
                        if lines.last != .returned(numbers) { pending[stream].removeFirst(numbers.numbers.count) }
                    }
                }
                let text = lines.reduce(Data()) { $0 + $1.data }
                let cut = Int.random(in: 0...text.count, using: &random)
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try text.prefix(cut).write(to: URL(filePath: "\(folder)/000-dead-1-1.spool"))
                var (remaining, unconfirmed): (Set<Int>, Set<Int>) = ([], [])
                var (bytes, events) = (0, 0)
                for line in lines {
                    bytes += line.data.count
                    // A line that lacks only its end is complete.
                    if bytes - 1 > cut { break }
                    switch line {
                    case .event:
                        remaining.insert(events)
                        events += 1
                    case .sending(let numbers, _): unconfirmed.formUnion(numbers.numbers)
                    case .returned(let numbers): unconfirmed.subtract(numbers.numbers)
                    case .delivered(let numbers), .dropped(let numbers):
                        unconfirmed.subtract(numbers.numbers)
                        remaining.subtract(numbers.numbers)
                    }
                }
                let spool = spool(folder)
                #expect(await spool.adoptOrphans() == remaining.count, "seed \(seed)")
                #expect(await spool.pending == remaining.count, "seed \(seed)")
                try await spool.readOldest()
                if !unconfirmed.isEmpty {
                    guard case .verify(_, let batch, 1) = await spool.nextWork() else {
                        Issue.record("no batch is unconfirmed, seed \(seed)")
                        return
                    }
                    #expect(Set(batch.numbers) == unconfirmed, "seed \(seed)")
                }
                // A torn file accepts new events.
                try await spool.append([event(1000)])
                #expect(try await drain(spool).map(Int.init).sorted() == (remaining.sorted() + [1000]), "seed \(seed)")
                await spool.close()
                #expect(files(folder).isEmpty)
            }
        }
    }

    @Test
    func `a full spool rejects events until some were delivered`() async throws {
        try await withFolder { folder in
            let spool = spool(folder, maximumBytes: 65_536)
            var count = 0
            let error = await #expect(throws: ServiceError.self) {
                for _ in 0..<1000 {
                    try await spool.append([event(count, bytes: 1000)])
                    count += 1
                }
            }
            #expect(error?.kind == .unavailable && error?.message.contains("UNDERSTUDY_LOG_SPOOL_BYTES") == true)
            #expect(count > 50 && files(folder).count > 3)
            #expect(await spool.pending == count)
            #expect(try await drain(spool) == (0..<count).map(Int64.init))
            try await spool.append([event(1)])
            #expect(await spool.pending == 1)
            #expect(await spool.bytes < 30_000)
        }
    }

    @Test
    func `events appended while a batch is in flight are neither lost nor sent twice`() async throws {
        try await withFolder { folder in
            let spool = spool(folder)
            try await spool.append([event(0), event(1)])
            try await spool.readOldest()
            guard case .send(_, let batch) = await spool.nextWork() else { throw CancellationError() }
            try await spool.record(.sending(RecordRanges(batch.numbers), at: 1))
            try await spool.append([event(2)])
            try await spool.record(.delivered(RecordRanges(batch.numbers)))
            #expect(await spool.nextWork() == nil)
            #expect(await spool.pending == 1)
            #expect(try await drain(spool) == [2])
        }
    }

    @Test
    func `files of running instances are not adopted; files of terminated ones are, and are delivered first`()
        async throws
    {
        try await withFolder { folder in
            var terminated: Spool? = spool(folder)
            try await terminated?.append([event(1), event(2)])
            let successor = spool(folder)
            #expect(await successor.adoptOrphans() == 0)
            try await successor.append([event(9)])
            terminated = nil
            #expect(await successor.adoptOrphans() == 2)
            #expect(try await drain(successor) == [1, 2, 9])
            await successor.close()
            #expect(files(folder).isEmpty)
        }
    }
}
