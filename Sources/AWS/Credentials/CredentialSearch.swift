// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// A source of credentials. Raw values are the names in reports.
package enum CredentialSource: String, Sendable, CaseIterable {
    case environment
    case webIdentity = "web identity"
    case profile
    case container
    case instance = "instance metadata"
}

/// The outcome of one source in a credential search. Contains no secrets.
package struct CredentialStep: Sendable, Equatable, CustomStringConvertible {
    /// What happened with a source.
    package enum Outcome: Sendable, Equatable {
        /// The source provided the credentials. `details` names the role or profile and may be empty; `expiration` is in seconds since 1970.
        case used(details: String, expiration: Double?)
        /// The source is not configured, for this reason.
        case skipped(String)
        /// The source is configured but failed with this message, which ended the search.
        case failed(String)
        /// An earlier source ended the search.
        case notTried
    }

    /// The source.
    package var source: CredentialSource
    /// What happened with it.
    package var outcome: Outcome

    /// One line, for example `web identity: used, role arn:aws:iam::123456789012:role/films, expires 2026-11-29T02:00:00Z`.
    package var description: String {
        let text: String
        switch outcome {
        case .used(let details, let expiration):
            let end = expiration.map { ", expires \(Date(timeIntervalSince1970: $0).formatted(.iso8601))" } ?? ""
            text = "used\(details.isEmpty ? "" : ", \(details)")\(end)"
        case .skipped(let reason): text = "skipped, \(reason)"
        case .failed(let message): text = "failed, \(message)"
        case .notTried: text = "not tried"
        }
        return "\(source.rawValue): \(text)"
    }
}

/// The result of a credential search.
struct CredentialSearch: Sendable {
    /// Every source exactly once, in search order.
    var steps: [CredentialStep]
    var result: Result<ResolvedCredentials, AWSError>
}

/// The result of looking up one source.
enum CredentialLookupResult: Sendable {
    case found(ResolvedCredentials)
    /// The source is not configured, for this reason.
    case absent(String)
}

/// Credentials and their source.
struct ResolvedCredentials: Sendable {
    var credentials: AWSCredentials
    /// The source for messages, for example `the environment`.
    var source: String
    /// Details for reports, for example the role.
    var details = ""
}
