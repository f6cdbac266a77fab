// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Dashboard

@Suite(.timeLimit(.minutes(1))) struct ByteRangeTests {
    @Test(
        arguments: [
            ("bytes=0-99", 0..<100), ("bytes=100-", 100..<1000), ("bytes=-7", 993..<1000), ("bytes=-5000", 0..<1000),
            ("bytes=990-5000", 990..<1000), ("bytes=999-999", 999..<1000), ("BYTES=0-0", 0..<1),
            ("bytes=0-99999999999999999999", 0..<1000),
        ] as [(String, Range<Int64>)])
    func `a range selects bytes within the file`(_ header: String, _ expected: Range<Int64>) throws {
        #expect(try #require(ByteRange(header)).part(of: 1000) == expected)
    }

    @Test(arguments: ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=99999999999999999999-"])
    func `a range beyond the file selects nothing`(_ header: String) throws {
        #expect(try #require(ByteRange(header)).part(of: 1000) == nil)
    }

    @Test func `no range selects bytes of an empty file`() throws {
        for header in ["bytes=0-", "bytes=-1"] { #expect(try #require(ByteRange(header)).part(of: 0) == nil) }
    }

    @Test(arguments: ["", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "bytes=a-b", "bytes=+1-2", "lines=0-1"])
    func `invalid and several ranges are ignored`(_ header: String) {
        #expect(ByteRange(header) == nil)
    }
}
