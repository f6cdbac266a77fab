// SPDX-License-Identifier: Apache-2.0

import Faults
import Testing

@testable import Agent5

@Suite(.timeLimit(.minutes(1))) struct ClipLengthsTests {
    @Test(
        arguments: [
            ("4,8,12", 0.1, 4), ("4,8,12", 4, 4), ("4,8,12", 4.01, 8), ("12, 4 ,8", 15, 12),
            ("3-10", 1, 3), ("3-10", 5.2, 6), ("3-10", 10, 10), ("3-10", 3600, 10), ("5", 9, 5),
        ] as [(String, Double, Int)])
    func `the shortest length that covers the segment is selected, else the longest`(
        text: String, duration: Double, expected: Int
    ) throws {
        #expect(try ClipLengths(text).covering(duration) == expected)
    }

    @Test(arguments: ["", "4,", "0", "10-3", "a", "4.5", "3-4-5", "-3", "3601"])
    func `invalid lengths are rejected`(text: String) {
        #expect { try ClipLengths(text) } throws: { ($0 as? ServiceError)?.kind == .invalidParams }
    }
}
