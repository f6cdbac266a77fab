import Synchronization

/// What an endpoint was found to support: each feature is tried once, and what the endpoint refuses is not asked for again.
///
/// All clients of a process share what they found, so that a store without quirks costs no request more.
final class S3Features: Sendable {
    enum Feature: Hashable {
        /// `x-amz-checksum-sha256` with an object that travels in one piece.
        case checksums
        /// The same with the parts of a large object.
        case partChecksums
        /// `x-amz-checksum-mode` when an object is read.
        case checksumMode
        /// `partNumber` when an object is read.
        case partNumber
        /// `x-amz-meta-understudy-sha256` with what is stored.
        case metadata
        /// `ETag`: the same one in each answer about a state of an object.
        case tags
        /// `If-Match` with the tag that the endpoint itself reported.
        case conditions
        /// `Range`.
        case ranges
    }

    enum Support {
        case unknown, supported, refused
    }

    private let found = Mutex<[Feature: Support]>([:])

    private static let all = Mutex<[String: S3Features]>([:])

    /// - Parameter endpoint: its URL; `nil` for AWS's own.
    static func of(endpoint: String?) -> S3Features {
        all.withLock { all in
            let features = all[endpoint ?? ""] ?? S3Features()
            all[endpoint ?? ""] = features
            return features
        }
    }

    /// Forgets what was found of an endpoint: another server answers there now.
    static func forget(endpoint: String?) {
        all.withLock { $0[endpoint ?? ""]?.found.withLock { $0 = [:] } }
    }

    subscript(feature: Feature) -> Support { found.withLock { $0[feature] ?? .unknown } }

    func note(_ feature: Feature, _ support: Support) { found.withLock { $0[feature] = support } }

    /// Makes a request with a feature where the endpoint may support it; again without it where that was refused.
    ///
    /// - Parameters:
    ///   - isWanted: `false` to make it without the feature at once.
    ///   - body: makes the request, with the feature or without.
    func trying<R>(
        _ feature: Feature, isWanted: Bool = true, _ body: (_ isUsed: Bool) async throws -> R
    ) async throws -> R {
        guard isWanted, self[feature] != .refused else { return try await body(false) }
        do {
            let result = try await body(true)
            if self[feature] == .unknown { note(feature, .supported) }
            return result
        } catch let error as AWSError where mayRefuse(error, feature) {
            // What fails in the same way without it was not about the feature.
            let result = try await body(false)
            note(feature, .refused)
            return result
        }
    }

    /// Whether a refusal may be about a feature: stores answer 400, 403, 500 or 501 with codes of all sorts, and a proxy that removes a
    /// signed header makes the signature wrong.
    private func mayRefuse(_ error: AWSError, _ feature: Feature) -> Bool {
        guard let status = error.status else { return false }
        let isDamage = Self.damage.contains(error.code ?? "")
        let isNamed = error.message.lowercased().contains(feature.word)
        if isNamed, !isDamage, status < 500 && status != 404 || status == 501 { return true }
        guard self[feature] == .unknown, !error.isAboutCredentials else { return false }
        // A store that computes another checksum, or fails over one, says so each time that it is asked.
        if isDamage || status == 500 { return feature.isChecksum }
        guard !error.retryable else { return false }
        return [400, 403, 405, 415, 422, 501].contains(status)
    }

    /// Bytes changed on the way: they are sent again as they were.
    private static let damage: Set<String> = ["BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"]
}

extension S3Features.Feature {
    /// What a refusal of the feature mentions.
    fileprivate var word: String { self == .metadata ? "metadata" : "checksum" }

    fileprivate var isChecksum: Bool { self == .checksums || self == .partChecksums || self == .checksumMode }
}
