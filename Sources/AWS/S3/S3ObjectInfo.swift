// SPDX-License-Identifier: Apache-2.0

import HTTP

extension S3Client {
    /// The metadata of an object, from the headers of a response.
    package struct ObjectInfo: Sendable, Equatable {
        /// Size in bytes.
        package let size: Int
        /// The `ETag` header, unchanged; empty if the endpoint does not send one.
        package let eTag: String
        /// Time of the last modification in seconds since 1970; 0 if the server does not report it.
        package let modified: Double
        /// The media type; empty if the server does not report it.
        package let mediaType: String
        /// The store's SHA-256 checksum; `nil` if there is none.
        let checksum: Checksum?
        /// The SHA-256 in the object's metadata; `nil` for objects of other tools.
        let hash: S3Hash?

        init(_ response: HTTPResponse, size: Int) {
            self.size = size
            eTag = response.headers["etag"] ?? ""
            modified = response.headers["last-modified"].flatMap(HTTPDate.seconds) ?? 0
            mediaType = response.headers["content-type"] ?? ""
            hash = response.headers[S3Hash.header].flatMap(S3Hash.init)
            let parsedETag = ETag(eTag)
            checksum = response.headers["x-amz-checksum-sha256"].flatMap { text in
                let isWhole = response.headers["x-amz-checksum-type"] == "FULL_OBJECT"
                return Checksum(text, parts: isWhole ? nil : parsedETag.parts)
            }
        }

        /// Identifies the object's bytes: two states of an object with the same identity have the same bytes. `nil` if the endpoint reports
        /// nothing that identifies them.
        package var identity: String? {
            if let hash { return Self.identity(hash) }
            if let checksum { return checksum.identity }
            let value = ETag(eTag).value
            return value.isEmpty ? nil : "etag:\(value)"
        }

        static func identity(_ hash: S3Hash) -> String { "sha256:\(hash.text)" }

        /// Whether another response describes the same state of the object, as far as both allow a comparison.
        ///
        /// - Parameter comparingETags: whether the endpoint's ETags are stable.
        func isSame(as other: ObjectInfo, comparingETags: Bool = true) -> Bool {
            if let isSame = isSameByDigest(as: other) { return isSame }
            let (ours, theirs) = (ETag(eTag).value, ETag(other.eTag).value)
            if comparingETags, !ours.isEmpty, !theirs.isEmpty { return ours == theirs }
            return modified == 0 || other.modified == 0 || modified == other.modified
        }

        /// Compares a digest that both responses contain; `nil` if they have none in common.
        private func isSameByDigest(as other: ObjectInfo) -> Bool? {
            if let hash, let theirs = other.hash { return hash == theirs }
            guard let checksum, let theirs = other.checksum else { return nil }
            if checksum.base64 == theirs.base64 { return true }
            // A checksum of the whole object and one of its parts may describe the same bytes.
            return checksum.parts == theirs.parts ? false : nil
        }
    }

    /// S3's SHA-256 checksum, of the whole object or of the digests of its parts.
    struct Checksum: Sendable, Equatable {
        let base64: String
        /// The number of parts whose digests were hashed; `nil` for a checksum of the whole object.
        let parts: Int?

        init(base64: String, parts: Int?) {
            self.base64 = base64
            self.parts = parts
        }

        /// Parses the header's value, `<base64>` or `<base64>-<parts>`.
        ///
        /// - Parameter parts: the number of parts if the value does not contain it.
        init?(_ text: String, parts: Int?) {
            let words = text.split(separator: "-")
            guard let first = words.first else { return nil }
            self.init(base64: String(first), parts: words.count > 1 ? Int(words[1]) : parts)
        }

        var identity: String { "checksum:\(base64)\(parts.map { "-\($0)" } ?? "")" }
    }
}
