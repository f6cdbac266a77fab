import AWS
import Contracts
import Faults
import FoundationEssentials
import Testing

@testable import EventLogger

@Suite struct SpoolTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/us-spool-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func event(_ number: Int, _ stream: String = "s", bytes: Int = 0) -> KeptEvent {
        let text = String(repeating: "x", count: bytes)
        return KeptEvent(
            Timestamp(milliseconds: Int64(number)), "a", data: Data("{\"n\":\(number),\t\"x\":\"\(text)\"}".utf8),
            stream: stream)
    }

    private func spool(_ folder: String, maximumBytes: Int = 1 << 20) -> Spool {
        Spool(folder: folder, instance: "one/é", maximumBytes: maximumBytes)
    }

    /// Takes everything out as a delivery that always works. -> the messages' times.
    private func drain(_ spool: Spool) async throws -> [Int64] {
        var times: [Int64] = []
        while await spool.pending > 0 {
            try await spool.look()
            while let work = await spool.next() {
                switch work {
                case .send(_, let batch), .check(_, let batch, _):
                    times += batch.events.map(\.timestamp)
                    try await spool.note(.delivered(RecordNumbers(batch.numbers)))
                }
            }
            try await spool.tidy()
        }
        return times
    }

    private func files(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    @Test("every line is read as it was written; one with any byte changed is none")
    func lines() {
        let numbers = RecordNumbers([7, 1, 2, 3, 9])
        #expect(numbers.text == "1-3,7,9" && RecordNumbers(text: "1-3,7,9") == numbers)
        for odd in ["", "a", "3-1", "1-2-3", "-1", "1,,2", "0-1099511627775", "0-9223372036854775807"] {
            #expect(RecordNumbers(text: odd) == nil)
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

    @Test("killed at any byte, a spool gives what was accepted and not delivered, each once, and says what is unsure")
    func killed() async throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<60 {
            try await withFolder { folder in
                // A life of the file: events of three streams, batches of one stream sent, some of them settled.
                var lines: [SpoolLine] = []
                var waiting: [[Int]] = [[], [], []]
                var count = 0
                for _ in 0..<Int.random(in: 1...40, using: &random) {
                    let stream = Int.random(in: 0..<3, using: &random)
                    if Bool.random(using: &random) || waiting[stream].isEmpty {
                        lines.append(.event(event(count, "s\(stream)")))
                        waiting[stream].append(count)
                        count += 1
                    } else {
                        let numbers = RecordNumbers(waiting[stream].prefix(.random(in: 1...3, using: &random)))
                        lines.append(.sending(numbers, at: 1))
                        switch Int.random(in: 0..<3, using: &random) {
                        case 0: lines.append(.returned(numbers))
                        case 1: lines.append(.dropped(numbers))
                        default: lines.append(.delivered(numbers))
                        }
                        if lines.last != .returned(numbers) { waiting[stream].removeFirst(numbers.numbers.count) }
                    }
                }
                let text = lines.reduce(Data()) { $0 + $1.data }
                let cut = Int.random(in: 0...text.count, using: &random)
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try text.prefix(cut).write(to: URL(filePath: "\(folder)/000-dead-1-1.spool"))
                var (left, unsure): (Set<Int>, Set<Int>) = ([], [])
                var (whole, events) = (0, 0)
                for line in lines {
                    whole += line.data.count
                    // A line that lacks nothing but its end is whole.
                    if whole - 1 > cut { break }
                    switch line {
                    case .event:
                        left.insert(events)
                        events += 1
                    case .sending(let numbers, _): unsure.formUnion(numbers.numbers)
                    case .returned(let numbers): unsure.subtract(numbers.numbers)
                    case .delivered(let numbers), .dropped(let numbers):
                        unsure.subtract(numbers.numbers)
                        left.subtract(numbers.numbers)
                    }
                }
                let spool = spool(folder)
                #expect(await spool.adopt() == left.count)
                #expect(await spool.pending == left.count)
                try await spool.look()
                if !unsure.isEmpty {
                    guard case .check(_, let batch, 1) = await spool.next() else {
                        Issue.record("nothing is unsure")
                        return
                    }
                    #expect(Set(batch.numbers) == unsure)
                }
                // Life goes on in a file that was torn.
                try await spool.append([event(1000)])
                #expect(try await drain(spool).map(Int.init).sorted() == (left.sorted() + [1000]))
                await spool.close()
                #expect(files(folder).isEmpty)
            }
        }
    }

    @Test("a full spool refuses, and takes events again when some were delivered")
    func full() async throws {
        try await withFolder { folder in
            let spool = spool(folder, maximumBytes: 65_536)
            var count = 0
            let error = await #expect(throws: ServiceError.self) {
                while true {
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

    @Test("events that come while a batch is under way are neither lost nor sent twice")
    func meanwhile() async throws {
        try await withFolder { folder in
            let spool = spool(folder)
            try await spool.append([event(0), event(1)])
            try await spool.look()
            guard case .send(_, let batch) = await spool.next() else { throw CancellationError() }
            try await spool.note(.sending(RecordNumbers(batch.numbers), at: 1))
            try await spool.append([event(2)])
            try await spool.note(.delivered(RecordNumbers(batch.numbers)))
            #expect(await spool.next() == nil)
            #expect(await spool.pending == 1)
            #expect(try await drain(spool) == [2])
        }
    }

    @Test("what a live instance has is let alone; what a dead one left is taken over, before what is new")
    func adoption() async throws {
        try await withFolder { folder in
            var dead: Spool? = spool(folder)
            try await dead?.append([event(1), event(2)])
            let heir = spool(folder)
            #expect(await heir.adopt() == 0)
            try await heir.append([event(9)])
            dead = nil
            #expect(await heir.adopt() == 2)
            #expect(try await drain(heir) == [1, 2, 9])
            await heir.close()
            #expect(files(folder).isEmpty)
        }
    }
}
