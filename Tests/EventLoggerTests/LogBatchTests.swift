import AWS
import Contracts
import FoundationEssentials
import JSON
import Testing

@testable import EventLogger

@Suite struct LogBatchTests {
    @Test("whatever comes, batches keep every limit, are in the order of time, and have each event once")
    func limits() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let limits = LogBatch.Limits(
                count: .random(in: 1...8, using: &random), bytes: .random(in: 120...600, using: &random),
                span: .random(in: 0...50, using: &random))
            let events = (0..<Int.random(in: 1...60, using: &random)).map { number in
                (
                    number: number,
                    event: KeptEvent(
                        Timestamp(milliseconds: .random(in: 0...100, using: &random)), "a",
                        data: Data(
                            "{\"x\":\"\(String(repeating: "ü", count: .random(in: 0...40, using: &random)))\"}".utf8))
                )
            }
            var left = events
            var seen: [Int] = []
            while !left.isEmpty {
                let batch = LogBatch(first: left, limits: limits)
                let times = batch.events.map(\.timestamp)
                let bytes = batch.events.reduce(0) { $0 + $1.message.utf8.count + 26 }
                #expect(batch.numbers.count == 1 || bytes <= limits.bytes)
                #expect((1...limits.count).contains(batch.numbers.count) && times == times.sorted())
                #expect((times.last ?? 0) - (times.first ?? 0) <= limits.span)
                for (a, b) in zip(batch.numbers, batch.numbers.dropFirst())
                where left[a - left[0].number].event.timestamp == left[b - left[0].number].event.timestamp {
                    #expect(a < b)
                }
                // What is earlier in the spool goes first.
                #expect(batch.numbers.sorted() == left.prefix(batch.numbers.count).map(\.number))
                seen += batch.numbers
                left.removeFirst(batch.numbers.count)
            }
            #expect(seen.sorted() == events.map(\.number))
        }
    }

    @Test("halves of a batch are its events in order, down to single ones")
    func halves() {
        let batch = LogBatch(
            all: (0..<5).map { ($0, KeptEvent(Timestamp(milliseconds: Int64(9 - $0)), "a", data: Data("{}".utf8))) })
        let halves = batch.halves
        #expect(halves.map { $0.0.numbers + $0.1.numbers } == [4, 3, 2, 1, 0])
        #expect(LogBatch(all: [(0, KeptEvent(.now, "a", data: Data("{}".utf8)))]).halves == nil)
    }

    @Test("of equal events, as many count as arrived as the stream has")
    func stored() {
        let event = KeptEvent(Timestamp(milliseconds: 5), "a", data: Data("{}".utf8))
        let other = KeptEvent(Timestamp(milliseconds: 6), "a", data: Data("{}".utf8))
        let batch = LogBatch(all: [(0, event), (1, event), (2, other)])
        let (there, missing) = batch.split(by: [batch.events[0]: 1, batch.events[2]: 7])
        #expect(there == [0, 2] && missing == [1])
    }

    @Test("an event that is too large becomes parts of the same shape, whose texts are its data")
    func parts() throws {
        for length in [300, 5000] {
            let text = (0..<length).map { ["a", "\\\"", "ü", "😀", "\\u0041", "\\\\"][$0 * 7 % 6] }.joined()
            let data = Data("{\"job_id\":\"j\\\"1\",\t\"text\":\"\(text)\"}".utf8)
            let event = KeptEvent(Timestamp(milliseconds: 77), "a.b", data: data, stream: "s")
            let parts = EventParts.of(event, maximumBytes: 256)
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
        let small = KeptEvent(.now, "a", data: Data("{}".utf8))
        #expect(EventParts.of(small) == [small])
    }

    @Test("streams are the job's on this instance, or what was asked for, without what CloudWatch forbids")
    func streams() {
        #expect(StreamName.of(stream: nil, jobID: "j1", instance: "one") == "j1/one")
        #expect(StreamName.of(stream: nil, jobID: nil, instance: "a:b*c") == "a-b-c")
        #expect(StreamName.of(stream: "mine", jobID: "j1", instance: "one") == "mine")
        #expect(StreamName.of(stream: "a\tb\n", jobID: nil, instance: "one") == "a-b-")
        #expect(StreamName.of(stream: "", jobID: "", instance: "") == "-")
        #expect(StreamName.allowed(String(repeating: "😀", count: 400)).utf16.count == 512)
    }
}
