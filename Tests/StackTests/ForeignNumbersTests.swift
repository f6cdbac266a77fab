// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON
import JSONRPC
import Testing

/// Numbers of a caller that exceed every integer type.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ForeignNumbersTests {
    @Test
    func `agent5 rejects a storyboard with numbers beyond all bounds, and goes on serving`() async throws {
        try await LiveStack.with(
            script: nil,
            [
                "UNDERSTUDY_AGENT5_PROVIDER": "openai-videos", "UNDERSTUDY_OPENAI_VIDEOS_URL": "http://127.0.0.1:1/v1",
                "UNDERSTUDY_AGENT5_LENGTHS": "3-10",
            ]
        ) { stack in
            let agent5 = try await stack.connect("agent5")
            let before = try await agent5.call("rpc.health", params: [:])["pid"]
            for (id, duration) in [("1e300", "1"), ("1", "1e300"), ("-1e19", "-1e300"), ("1.5", "0")] {
                let storyboard = try JSONCoding.decode(
                    JSONValue.self,
                    from: Data(
                        #"{"segments":[{"id":\#(id),"duration":\#(duration),"visual_guidance":"a hill"}]}"#.utf8))
                let error = await #expect(throws: (any Error).self) {
                    try await agent5.call(
                        "agent.process",
                        params: [
                            "agent": "agent5", "job_id": "j", "user_id": "u", "session_id": "s", "audio": [],
                            "storyboard": storyboard, "output_prefix": .string("file://\(stack.store)/out"),
                        ])
                }
                let kind = error.map { ServiceError(wrapping: $0).kind }
                #expect(duration == "1" ? kind == .unavailable : kind == .invalidParams, "\(id) \(duration)")
            }
            #expect(try await agent5.call("rpc.health", params: [:])["pid"] == before)
        }
    }
}
