// SPDX-License-Identifier: Apache-2.0

import Faults

/// An S3 object, or all objects with a key prefix.
package struct S3Location: Sendable, Hashable, CustomStringConvertible {
    /// The bucket's name.
    package let bucket: String
    /// The object's key, at most 1024 bytes; empty for the whole bucket.
    package let key: String

    /// Creates a location.
    ///
    /// - Throws: `invalidParams` if the bucket's name or the key is invalid in S3.
    package init(bucket: String, key: String) throws(AWSError) {
        let isName =
            (3...63).contains(bucket.utf8.count) && bucket.first != "." && bucket.last != "."
            && bucket.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
        guard isName else {
            throw AWSError(.invalidParams, "s3://\(bucket.prefix(80)): expected a bucket name after s3://")
        }
        guard key.utf8.count <= 1024 else {
            throw AWSError(.invalidParams, "s3://\(bucket)/\(key.prefix(80))...: a key has at most 1024 bytes")
        }
        self.bucket = bucket
        self.key = key
    }

    /// The URI, `s3://bucket/key`.
    package var description: String { "s3://\(bucket)/\(key)" }
}
