// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The features that an endpoint supports, detected at run time.
///
/// Each feature is tried once; one that the endpoint rejects is not used again. All clients in a process share the results, so a fully
/// compatible store costs no additional requests.
final class S3Features: Sendable {
    enum Feature: Hashable {
        /// `x-amz-checksum-sha256` on single uploads.
        case checksums
        /// `x-amz-checksum-sha256` on the parts of multipart uploads.
        case partChecksums
        /// `x-amz-checksum-mode` on reads.
        case checksumMode
        /// `partNumber` on reads.
        case partNumber
        /// The metadata `x-amz-meta-understudy-sha256` on uploads.
        case metadata
        /// An `ETag` that is the same in every response about one state of an object.
        case eTags
        /// `If-Match` with an `ETag` that the endpoint reported.
        case conditions
        /// `Range` requests.
        case ranges
    }

    enum Support {
        case unknown, supported, unsupported
    }

    private let support = Mutex<[Feature: Support]>([:])

    private static let registry = Mutex<[String: S3Features]>([:])

    /// The process-wide features of an endpoint.
    ///
    /// - Parameter endpoint: its URL; `nil` for AWS's own.
    static func shared(for endpoint: String?) -> S3Features {
        registry.withLock { registry in
            let features = registry[endpoint ?? ""] ?? S3Features()
            registry[endpoint ?? ""] = features
            return features
        }
    }

    /// Resets the features of an endpoint, for example because another server replaced it.
    static func reset(endpoint: String?) {
        registry.withLock { $0[endpoint ?? ""]?.support.withLock { $0 = [:] } }
    }

    subscript(feature: Feature) -> Support { support.withLock { $0[feature] ?? .unknown } }

    func record(_ feature: Feature, _ support: Support) { self.support.withLock { $0[feature] = support } }

    /// Makes a request with an optional feature, and repeats it without the feature if the endpoint rejects it.
    ///
    /// - Parameters:
    ///   - isEnabled: `false` to make the request without the feature.
    ///   - body: makes the request, with or without the feature.
    /// - Throws: what `body` throws.
    func withFeature<R>(
        _ feature: Feature, isEnabled: Bool = true, _ body: (_ isUsed: Bool) async throws -> R
    ) async throws -> R {
        guard isEnabled, self[feature] != .unsupported else { return try await body(false) }
        do {
            let result = try await body(true)
            if self[feature] == .unknown { record(feature, .supported) }
            return result
        } catch let error as AWSError where mayBeCaused(error, by: feature) {
            // If the request also fails without the feature, the feature was not the cause.
            let result = try await body(false)
            record(feature, .unsupported)
            return result
        }
    }

    /// Whether an unsupported feature may have caused an error. Stores answer 400, 403, 500 or 501 with various codes, and a proxy that removes
    /// a signed header invalidates the signature.
    private func mayBeCaused(_ error: AWSError, by feature: Feature) -> Bool {
        guard let status = error.status else { return false }
        let isCorruption = Self.corruptionCodes.contains(error.code ?? "")
        let isMentioned = error.message.lowercased().contains(feature.keyword)
        if isMentioned, !isCorruption, status < 500 && status != 404 || status == 501 { return true }
        guard self[feature] == .unknown, !error.isCredentialError else { return false }
        // A store that computes checksums incorrectly fails every request with one.
        if isCorruption || status == 500 { return feature.isChecksum }
        guard !error.retryable else { return false }
        return [400, 403, 405, 415, 422, 501].contains(status)
    }

    /// Codes for bytes that were corrupted in transit, which a retry corrects.
    private static let corruptionCodes: Set<String> = [
        "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch",
    ]
}

extension S3Features.Feature {
    /// A word that error messages about the feature contain.
    fileprivate var keyword: String { self == .metadata ? "metadata" : "checksum" }

    fileprivate var isChecksum: Bool { self == .checksums || self == .partChecksums || self == .checksumMode }
}
