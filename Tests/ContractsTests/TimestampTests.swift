// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Contracts

@Suite(.timeLimit(.minutes(1))) struct TimestampTests {
    @Test
    func `timestamps are RFC 3339 in UTC with milliseconds, and any offset is parsed`() {
        let time = Timestamp(milliseconds: 1_795_435_200_007)
        #expect(time.text == "2026-11-23T12:00:00.007Z")
        #expect(Timestamp(time.text) == time)
        #expect(Timestamp("2026-11-23T14:00:00+02:00")?.milliseconds == 1_795_435_200_000)
        #expect(Timestamp("yesterday") == nil)
    }
}
