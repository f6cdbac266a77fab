import Calls
import Faults
import FoundationEssentials
import JSON
import Testing

@testable import Contracts

@Suite struct MoneyTests {
    @Test(
        "amounts are written in cents, with parts of a cent where there are any",
        arguments: [
            (0, "$0.00"), (10_000, "$0.01"), (330_000, "$0.33"), (4000, "$0.004"), (1, "$0.000001"), (5000, "$0.005"),
            (12_345_678, "$12.3457"), (94_000, "$0.094"), (999_960, "$1.00"), (49, "$0.000049"), (-20_000, "-$0.02"),
            (1_000_000_000, "$1000.00"),
        ])
    func text(_ micros: Int, _ text: String) {
        #expect(USD(micros: Int64(micros)).text == text)
    }

    @Test("money adds up exactly and stays a plain number on the wire")
    func exact() throws {
        var sum = USD.zero
        for _ in 0..<1000 { sum += USD(0.1) }
        #expect(sum.micros == 100_000_000)
        #expect(String(decoding: try JSONCoding.encode(USD(0.042)), as: UTF8.self) == "0.042")
        #expect(try JSONCoding.decode(USD.self, from: Data("0.252".utf8)).micros == 252_000)
        #expect(USD(.nan) == .zero)
    }

    @Test("the cost line has exactly the page's form")
    func line() {
        var costs = Costs()
        costs.agent2 = USD(0.01)
        costs.agent4 = USD(0.05)
        costs.lead = USD(0.15)
        costs.understudy = USD(0.12)
        #expect(costs.line == "Agent2: $0.01 | Agent4: $0.05 | Agent5: $0.15 | Agent6: $0.12 | Total: $0.33")
        #expect(costs.total == USD(0.33))
    }
}

@Suite struct TimestampTests {
    @Test("times are RFC 3339 in UTC with milliseconds, and read back with any offset")
    func text() {
        let time = Timestamp(milliseconds: 1_795_435_200_007)
        #expect(time.text == "2026-11-23T12:00:00.007Z")
        #expect(Timestamp(time.text) == time)
        #expect(Timestamp("2026-11-23T14:00:00+02:00")?.milliseconds == 1_795_435_200_000)
        #expect(Timestamp("yesterday") == nil)
    }
}

@Suite struct MediaCallTests {
    @Test("every call that reads or writes media has a stall bound and names the media")
    func bounds() {
        func check<P, R>(_ method: Method<P, R>) {
            #expect(method.stall == RenderBounds.stall && method.media != nil, "\(method.name)")
        }
        check(ClipperAPI.create)
        check(ClipperAPI.replaceAudio)
        check(ClipperAPI.convert)
        check(ClipperAPI.probe)
        check(StitcherAPI.stitch)
    }

    @Test("calls that carry a whole storyboard, or a part of each segment, may be as long")
    func requests() {
        let limits = [
            AgentAPI.process.requestLimit, StitcherAPI.stitch.requestLimit, ClipperAPI.probe.requestLimit,
        ]
        #expect(limits.allSatisfy { ($0 ?? 0) >= 2 * StoryboardBounds.bytes })
    }
}

@Suite struct AgentResultTests {
    @Test("an answer of another shape reports what it cost")
    func cost() throws {
        let text = #"{"clips": [{"clip": "x"}], "cost_usd": 0.5, "wasted_usd": 0.25, "unknown_usd": 2e6}"#
        let error = #expect(throws: ServiceError.self) {
            try JSONCoding.decode(AgentResult.self, from: Data(text.utf8))
        }
        #expect(error?.wasted == USD(0.75) && error?.unknown == .zero)
        #expect(error?.message.contains("/clips/0/segment_id") == true, "\(error?.message ?? "")")
    }
}

@Suite struct StatusMessageTests {
    @Test("a status message has the members that the page reads, in their camel case")
    func members() throws {
        var costs = Costs()
        costs.understudy = USD(0.042)
        let message = StatusMessage(
            seq: 42, ts: Timestamp(milliseconds: 0), jobId: "j", userId: "u", sessionId: "s", supersessionId: "p",
            agentNumber: .understudy, status: .processing, message: "m", segmentId: "seg_002",
            progress: Progress(done: 3, total: 9), cost: USD(0.042), costs: costs, videoUrl: "file:///f",
            jobState: .running)
        let json = try JSONCoding.convert(message, to: JSONValue.self)
        #expect(json["v"] == .integer(1))
        #expect(json["supersessionId"] == "p")
        #expect(json["progress"] == ["done": 3, "total": 9, "fraction": 0.33])
        #expect(json["costs"]?["Agent6"] == .number(0.042))
        #expect(json["costs"]?["total"] == .number(0.042))
        #expect(json["videoUrl"] == "file:///f")
    }
}
