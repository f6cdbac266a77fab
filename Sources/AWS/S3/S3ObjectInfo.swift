import HTTP

extension S3Client {
    /// What is known of an object without reading it.
    package struct ObjectInfo: Sendable, Equatable {
        /// Bytes.
        package let size: Int
        /// The header `ETag` as it came; empty where the endpoint sends none.
        package let tag: String
        /// When it was stored, in seconds since 1970; 0 where the server does not report it.
        package let modified: Double
        package let mediaType: String
        /// The store's SHA-256; `nil` where it has none.
        let checksum: Checksum?
        /// This project's own; `nil` for objects of other tools.
        let hash: S3Hash?

        init(_ response: HTTPResponse, size: Int) {
            self.size = size
            tag = response.headers["etag"] ?? ""
            modified = response.headers["last-modified"].flatMap(HTTPDate.seconds) ?? 0
            mediaType = response.headers["content-type"] ?? ""
            hash = response.headers[S3Hash.header].flatMap(S3Hash.init)
            let tag = S3Tag(tag)
            checksum = response.headers["x-amz-checksum-sha256"].flatMap { text in
                let isWhole = response.headers["x-amz-checksum-type"] == "FULL_OBJECT"
                return Checksum(text, parts: isWhole ? nil : tag.parts)
            }
        }

        /// Names the object's bytes: two states of an object with the same identity have the same bytes. `nil` where the endpoint
        /// reports nothing that would differ.
        package var identity: String? {
            if let hash { return Self.identity(hash) }
            if let checksum { return checksum.identity }
            let value = S3Tag(tag).value
            return value.isEmpty ? nil : "etag:\(value)"
        }

        static func identity(_ hash: S3Hash) -> String { "sha256:\(hash.text)" }

        /// Whether another answer is about the same state of the object, as far as both tell.
        ///
        /// - Parameter byTag: whether the endpoint gives a state the same tag in each answer.
        func isSame(as other: ObjectInfo, byTag: Bool = true) -> Bool {
            if let isSame = isSameByDigest(as: other) { return isSame }
            let (ours, theirs) = (S3Tag(tag).value, S3Tag(other.tag).value)
            if byTag, !ours.isEmpty, !theirs.isEmpty { return ours == theirs }
            return modified == 0 || other.modified == 0 || modified == other.modified
        }

        /// Whether another answer is about the same bytes, by a digest that both have; `nil` where they have none in common.
        private func isSameByDigest(as other: ObjectInfo) -> Bool? {
            if let hash, let theirs = other.hash { return hash == theirs }
            guard let checksum, let theirs = other.checksum else { return nil }
            if checksum.base64 == theirs.base64 { return true }
            // One of all bytes and one of parts may be of the same bytes.
            return checksum.parts == theirs.parts ? false : nil
        }
    }

    /// SHA-256 as S3 computes it: of all bytes, or of the digests of the parts.
    struct Checksum: Sendable, Equatable {
        let base64: String
        /// Parts whose digests were hashed; `nil` for a checksum of the bytes.
        let parts: Int?

        init(base64: String, parts: Int?) {
            self.base64 = base64
            self.parts = parts
        }

        /// - Parameters:
        ///   - text: `<base64>`, or `<base64>-<parts>`.
        ///   - parts: where the text does not tell.
        init?(_ text: String, parts: Int?) {
            let words = text.split(separator: "-")
            guard let first = words.first else { return nil }
            self.init(base64: String(first), parts: words.count > 1 ? Int(words[1]) : parts)
        }

        var identity: String { "checksum:\(base64)\(parts.map { "-\($0)" } ?? "")" }
    }
}
