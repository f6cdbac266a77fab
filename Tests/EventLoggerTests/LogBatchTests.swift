// SPDX-License-Identifier: Apache-2.0

import AWS
import Contracts
import FoundationEssentials
import JSON
import TestSupport
import Testing

@testable import EventLogger

@Suite(.timeLimit(.minutes(5))) struct LogBatchTests {
    @Test
    func `batches of random events respect all limits, are chronological and contain each event once`() {
        var random = SeededGenerator(for: "LogBatchTests")
        let seed = random.seed
        for _ in 0..<200 {
            let limits = LogBatch.Limits(
                count: .random(in: 1...8, using: &random), bytes: .random(in: 120...600, using: &random),
                span: .random(in: 0...50, using: &random))
            let events = (0..<Int.random(in: 1...60, using: &random)).map { number in
                (
                    number: number,
                    event: SpooledEvent(
                        Timestamp(milliseconds: .random(in: 0...100, using: &random)), "a",
                        data: Data(
                            "{\"x\":\"\(String(repeating: "ü", count: .random(in: 0...40, using: &random)))\"}".utf8))
                )
            }
            var remaining = events
            var seen: [Int] = []
            while !remaining.isEmpty {
                let batch = LogBatch(first: remaining, limits: limits)
                let times = batch.events.map(\.timestamp)
                let bytes = batch.events.reduce(0) { $0 + $1.message.utf8.count + 26 }
                #expect(batch.numbers.count == 1 || bytes <= limits.bytes, "seed \(seed)")
                #expect((1...limits.count).contains(batch.numbers.count) && times == times.sorted(), "seed \(seed)")
                #expect((times.last ?? 0) - (times.first ?? 0) <= limits.span, "seed \(seed)")
                for (a, b) in zip(batch.numbers, batch.numbers.dropFirst())
                where remaining[a - remaining[0].number].event.timestamp
                    == remaining[b - remaining[0].number].event.timestamp
                {
                    #expect(a < b, "seed \(seed)")
                }
                // A batch contains the first events of the spool.
                #expect(
                    batch.numbers.sorted() == remaining.prefix(batch.numbers.count).map(\.number), "seed \(seed)")
                guard !batch.numbers.isEmpty else { return }
                seen += batch.numbers
                remaining.removeFirst(batch.numbers.count)
            }
            #expect(seen.sorted() == events.map(\.number), "seed \(seed)")
        }
    }

    @Test
    func `the halves of a batch contain its events in order; a single event has none`() {
        let batch = LogBatch(
            all: (0..<5).map { ($0, SpooledEvent(Timestamp(milliseconds: Int64(9 - $0)), "a", data: Data("{}".utf8))) })
        let halves = batch.halves
        #expect(halves.map { $0.0.numbers + $0.1.numbers } == [4, 3, 2, 1, 0])
        #expect(LogBatch(all: [(0, SpooledEvent(.now, "a", data: Data("{}".utf8)))]).halves == nil)
    }

    @Test
    func `equal events are matched by their number of occurrences in the stream`() {
        let event = SpooledEvent(Timestamp(milliseconds: 5), "a", data: Data("{}".utf8))
        let other = SpooledEvent(Timestamp(milliseconds: 6), "a", data: Data("{}".utf8))
        let batch = LogBatch(all: [(0, event), (1, event), (2, other)])
        let (stored, missing) = batch.partition(by: [batch.events[0]: 1, batch.events[2]: 7])
        #expect(stored == [0, 2] && missing == [1])
    }

    @Test
    func `an oversized event is split into parts whose texts are its data`() throws {
        for length in [300, 5000] {
            let text = (0..<length).map { ["a", "\\\"", "ü", "😀", "\\u0041", "\\\\"][$0 * 7 % 6] }.joined()
            let data = Data("{\"job_id\":\"j\\\"1\",\t\"text\":\"\(text)\"}".utf8)
            let event = SpooledEvent(Timestamp(milliseconds: 77), "a.b", data: data, stream: "s")
            let parts = EventSplitter.split(event, maximumBytes: 256)
            #expect(parts.count > 2)
            var joined = ""
            for (index, part) in parts.enumerated() {
                #expect(part.message.count <= 256 && part.stream == "s" && part.timestamp == event.timestamp)
                let read = try JSONCoding.decode(LoggedEvent.self, from: part.message)
                #expect(read.eventType == "a.b" && read.timestamp == event.timestamp)
                #expect(read.data["part"]?.double == Double(index + 1) && read.data["job_id"] == "j\"1")
                #expect(read.data["of"]?.double == Double(parts.count))
                joined += read.data["text"]?.string ?? ""
            }
            #expect(Data(joined.utf8) == data)
        }
        let small = SpooledEvent(.now, "a", data: Data("{}".utf8))
        #expect(EventSplitter.split(small) == [small])
    }

    @Test
    func `stream names come from the request, the job and the instance, without forbidden characters`() {
        #expect(StreamName.name(stream: nil, jobID: "j1", instance: "one") == "j1/one")
        #expect(StreamName.name(stream: nil, jobID: nil, instance: "a:b*c") == "a-b-c")
        #expect(StreamName.name(stream: "mine", jobID: "j1", instance: "one") == "mine")
        #expect(StreamName.name(stream: "a\tb\n", jobID: nil, instance: "one") == "a-b-")
        #expect(StreamName.name(stream: "", jobID: "", instance: "") == "-")
        #expect(StreamName.sanitized(String(repeating: "😀", count: 400)).utf16.count == 512)
    }
}
