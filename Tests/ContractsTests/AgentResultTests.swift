// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSON
import Testing

@testable import Contracts

@Suite(.timeLimit(.minutes(1))) struct AgentResultTests {
    @Test
    func `a result of the wrong shape is an error that reports the costs`() throws {
        let text = #"{"clips": [{"clip": "x"}], "cost_usd": 0.5, "wasted_usd": 0.25, "unknown_usd": 2e6}"#
        let error = #expect(throws: ServiceError.self) {
            try JSONCoding.decode(AgentResult.self, from: Data(text.utf8))
        }
        #expect(error?.wasted == USD(0.75) && error?.unknown == .zero)
        #expect(error?.message.contains("/clips/0/segment_id") == true, "\(error?.message ?? "")")
    }
}
