import FoundationEssentials

/// A place where credentials are looked for.
package enum CredentialSource: String, Sendable, CaseIterable {
    case environment
    case webIdentity = "web identity"
    case profile
    case container
    case instance = "instance metadata"
}

/// One place of a search for credentials, and what was found there. Holds no secrets.
package struct CredentialStep: Sendable, Equatable, CustomStringConvertible {
    package enum Outcome: Sendable, Equatable {
        /// - Parameters:
        ///   - details: e.g. the role; empty if there is nothing to add.
        ///   - expiration: in seconds since 1970.
        case used(details: String, expiration: Double?)
        /// Nothing is configured there, for this reason.
        case skipped(String)
        /// Something is configured there and gives no credentials. The search ends.
        case failed(String)
        /// A place before it ended the search.
        case notAsked
    }

    package var source: CredentialSource
    package var outcome: Outcome

    /// E.g. `web identity: used, role arn:aws:iam::123456789012:role/films, expires 2026-11-29T02:00:00Z`.
    package var description: String {
        let text: String
        switch outcome {
        case .used(let details, let expiration):
            let end = expiration.map { ", expires \(Date(timeIntervalSince1970: $0).formatted(.iso8601))" } ?? ""
            text = "used\(details.isEmpty ? "" : ", \(details)")\(end)"
        case .skipped(let reason): text = "skipped, \(reason)"
        case .failed(let message): text = "failed, \(message)"
        case .notAsked: text = "not asked"
        }
        return "\(source.rawValue): \(text)"
    }
}

/// A search that is over.
struct CredentialSearch: Sendable {
    /// Every place once, in the order in which they are asked.
    var steps: [CredentialStep]
    var result: Result<FoundCredentials, AWSError>
}

/// What one place answers.
enum CredentialFinding: Sendable {
    case found(FoundCredentials)
    /// Nothing is configured there, for this reason.
    case absent(String)
}

/// Credentials, and where they come from.
struct FoundCredentials: Sendable {
    var credentials: AWSCredentials
    /// As messages name it, e.g. `the environment`.
    var source: String
    /// What a report adds, e.g. the role.
    var details = ""
}
