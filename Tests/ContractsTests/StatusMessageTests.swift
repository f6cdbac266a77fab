// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Contracts

@Suite(.timeLimit(.minutes(1))) struct StatusMessageTests {
    @Test
    func `a status message has the camel-case members that the page reads`() throws {
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
