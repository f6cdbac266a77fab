// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import Testing

@testable import Contracts

@Suite(.timeLimit(.minutes(1))) struct AgentTests {
    @Test
    func `the wire names of agents, attempts and stages are stable`() {
        #expect(Agent.allCases.map(\.rawValue) == ["Agent2", "Agent4", "Agent5", "Agent6"])
        #expect(Agent.allCases.map(\.service) == ["agent2", "agent4", "agent5", "agent6"])
        #expect(AttemptKind.allCases.map(\.rawValue) == ["inputs", "film", "image", "clip", "narration", "stitch"])
        #expect(
            JobStage.allCases.map(\.rawValue)
                == ["load", "agent2", "agent4", "agent5", "images", "clips", "narration", "stitch", "verify"])
    }

    private func view(agents: String, maker: String) throws -> JobView {
        let text = #"""
            {"agents":\#(agents),"costs":{},"created_at":"2026-01-01T00:00:00.000Z","job_id":"j",
            "progress":{"done":0,"fraction":0,"total":3},"segments":[{"cost":0,"duration":1,"maker":\#(maker),
            "segment_id":"seg_1","state":"waiting"}],"session_id":"s","state":"error",
            "updated_at":"2026-01-01T00:00:00.000Z","user_id":"u","warnings":[]}
            """#
        return try JSONCoding.decode(JobView.self, from: Data(text.utf8))
    }

    private static let agentView = #"{"cost":0,"message":"m","status":"error"}"#

    @Test
    func `a view encodes its agents as an object by name`() throws {
        let view = try view(agents: #"{"Agent5":\#(Self.agentView)}"#, maker: #""Agent6""#)
        #expect(view.agents[.lead]?.message == "m" && view.segments[0].maker == .understudy)
        let json = try JSONCoding.convert(view, to: JSONValue.self)
        #expect(json["agents"]?["Agent5"]?["status"] == "error")
        #expect(json["segments"]?.array?.first?["maker"] == "Agent6")
    }

    @Test
    func `decoding a view leaves out unknown agents`() throws {
        let view = try view(agents: #"{"Agent7":\#(Self.agentView),"Agent6":\#(Self.agentView)}"#, maker: #""Agent7""#)
        #expect(view.agents.keys.sorted() == [.understudy] && view.segments[0].maker == nil)
        #expect(try self.view(agents: "{}", maker: "null").segments[0].maker == nil)
        #expect(throws: DecodingError.self) { try self.view(agents: #"{"Agent5":{}}"#, maker: "null") }
    }

    private func receipt(attempts: String) throws -> Receipt {
        let text = #"""
            {"attempts":\#(attempts),"candidates":[{"agent":"Agent7","at":"2026-01-01T00:00:00.000Z","cost_usd":0}],"costs":{},
            "job_id":"j","saved_usd":0,"segments":[{"cost_usd":0,"maker":"Agent7","reused":false,"segment_id":"seg_1"}],
            "session_id":"s","stages":[{"seconds":1,"stage":"dreaming","started_at":"2026-01-01T00:00:00.000Z"},
            {"seconds":1,"stage":"images","started_at":"2026-01-01T00:00:00.000Z"}],"state":"finished","user_id":"u",
            "warnings":[],"wasted_usd":0}
            """#
        return try JSONCoding.decode(Receipt.self, from: Data(text.utf8))
    }

    @Test
    func `decoding a receipt leaves out entries with unknown names and rejects damaged entries`() throws {
        func attempt(_ agent: String, _ work: String, _ start: String = "2026-01-01T00:00:00.000Z") -> String {
            #"{"agent":"\#(agent)","cost_usd":0,"started_at":"\#(start)","work":"\#(work)"}"#
        }
        let attempts = [attempt("Agent7", "film"), attempt("Agent5", "dance"), attempt("Agent6", "image")]
        let receipt = try receipt(attempts: "[\(attempts.joined(separator: ","))]")
        #expect(receipt.attempts.map(\.agent) == [.understudy] && receipt.attempts.map(\.work) == [.still])
        #expect(receipt.stages.map(\.stage) == [.stills] && receipt.candidates?.isEmpty == true)
        #expect(receipt.segments.map(\.maker) == [nil])
        for damaged in [attempt("Agent5", "film", "yesterday"), "{}", "1"] {
            #expect(throws: DecodingError.self, "\(damaged)") { try self.receipt(attempts: "[\(damaged)]") }
        }
    }

    @Test
    func `costs are counted separately for each agent`() {
        var costs = Costs()
        for (index, agent) in Agent.allCases.enumerated() { costs[agent] += USD(micros: Int64(index) + 1) }
        #expect(Agent.allCases.map { costs[$0].micros } == [1, 2, 3, 4] && costs.total.micros == 10)
    }
}
