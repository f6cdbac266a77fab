// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Hashing

@Suite("Hashes", .timeLimit(.minutes(1)))
struct HashTests {
    /// From FIPS 180-4 and NIST's examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `SHA-256 gives the digests of its standard`(text: String, digest: String) {
        #expect(SHA256.hash(Array(text.utf8)).hexadecimal == digest)
    }

    @Test func `SHA-256 piece by piece equals SHA-256 of all bytes`() {
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var hash = SHA256()
        for start in stride(from: 0, to: bytes.count, by: 77_777) {
            hash.update(bytes[start..<min(start + 77_777, bytes.count)])
        }
        #expect(hash.finalize() == SHA256.hash(bytes))
    }

    @Test func `MD5 gives the digest of RFC 1321`() {
        var hash = MD5()
        hash.update(Array("message digest".utf8))
        let digest = hash.finalize()
        #expect(digest?.hexadecimal == "f96b697d7cb7938d525a2f31aaf161d0")
        #expect(digest?.bytes.count == MD5.size)
    }

    /// Test cases 1, 2 and 6 of RFC 4231, and an empty key.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ])
    func `HMAC gives the codes of RFC 4231`(key: [UInt8], message: String, code: String) {
        #expect(HMAC.sha256(Array(message.utf8), key: key).hexadecimal == code)
    }

    @Test func `hexadecimal digits are read in either case, and nothing else is`() {
        #expect(Hexadecimal.text([0, 0x0f, 0xa0, 0xff]) == "000fa0ff")
        #expect(Hexadecimal.bytes("000Fa0fF") == [0, 0x0f, 0xa0, 0xff])
        #expect(Hexadecimal.bytes("").map(\.count) == 0)
        for text in ["0", "0g", "é0", "0x", " 0"] { #expect(Hexadecimal.bytes(text) == nil, "\(text)") }
    }
}
