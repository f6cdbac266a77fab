import Faults

/// An object of S3, or all that begin with a prefix.
package struct S3Location: Sendable, Hashable, CustomStringConvertible {
    package let bucket: String
    package let key: String

    /// - Throws: `invalidParams` for a bucket's name or a key that S3 cannot have.
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
            throw AWSError(.invalidParams, "s3://\(bucket.prefix(80)): expected a bucket's name behind s3://")
        }
        guard key.utf8.count <= 1024 else {
            throw AWSError(.invalidParams, "s3://\(bucket)/\(key.prefix(80))...: a key has at most 1024 bytes")
        }
        self.bucket = bucket
        self.key = key
    }

    package var description: String { "s3://\(bucket)/\(key)" }
}
