// SPDX-License-Identifier: Apache-2.0

package import Parameters

/// Bounds of names in an AWS account.
package enum CloudBounds {
    /// The name of an IAM role.
    package static let roleName = TextRule(
        1...64, .bytes, expected: "1 to 64 letters, digits or +=,.@_-", pattern: "^[A-Za-z0-9+=,.@_-]{1,64}$"
    ) { name in
        name.utf8.allSatisfy { isDigitOrLetter($0) || others.contains($0) }
    }
    /// The name of an S3 bucket, without uppercase letters.
    package static let bucket = TextRule(
        3...63, .bytes, expected: "a bucket's name", pattern: "^[a-z0-9.-]{3,63}$"
    ) { name in
        name.utf8.allSatisfy {
            isDigitOrLetter($0) && !(0x41...0x5A).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
    }
    /// The id of a MediaConvert job.
    package static let jobID = TextRule(
        1...100, .bytes, expected: "the id of a MediaConvert job", pattern: "^[A-Za-z0-9-]{1,100}$"
    ) { id in
        id.utf8.allSatisfy { isDigitOrLetter($0) || $0 == UInt8(ascii: "-") }
    }

    private static let others = Set("+=,.@_-".utf8)

    private static func isDigitOrLetter(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
