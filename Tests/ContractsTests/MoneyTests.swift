// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON
import Testing

@testable import Contracts

@Suite(.timeLimit(.minutes(1))) struct MoneyTests {
    @Test(arguments: [
        (0, "$0.00"), (10_000, "$0.01"), (330_000, "$0.33"), (4000, "$0.004"), (1, "$0.000001"), (5000, "$0.005"),
        (12_345_678, "$12.3457"), (94_000, "$0.094"), (999_960, "$1.00"), (49, "$0.000049"), (-20_000, "-$0.02"),
        (1_000_000_000, "$1000.00"),
    ])
    func `the text of an amount has cents, and parts of a cent if there are any`(_ micros: Int, _ text: String) {
        #expect(USD(micros: Int64(micros)).text == text)
    }

    @Test
    func `amounts add up exactly and are plain numbers on the wire`() throws {
        var sum = USD.zero
        for _ in 0..<1000 { sum += USD(0.1) }
        #expect(sum.micros == 100_000_000)
        #expect(String(decoding: try JSONCoding.encode(USD(0.042)), as: UTF8.self) == "0.042")
        #expect(try JSONCoding.decode(USD.self, from: Data("0.252".utf8)).micros == 252_000)
        #expect(USD(.nan) == .zero)
    }

    @Test
    func `the cost line has the format that the page expects`() {
        var costs = Costs()
        costs.agent2 = USD(0.01)
        costs.agent4 = USD(0.05)
        costs.lead = USD(0.15)
        costs.understudy = USD(0.12)
        #expect(costs.line == "Agent2: $0.01 | Agent4: $0.05 | Agent5: $0.15 | Agent6: $0.12 | Total: $0.33")
        #expect(costs.total == USD(0.33))
    }
}
