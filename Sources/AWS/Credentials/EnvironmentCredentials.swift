// SPDX-License-Identifier: Apache-2.0

import Faults

/// Credentials from `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
struct EnvironmentCredentials: Sendable {
    let settings: AWSSettings

    /// Looks up the credentials.
    ///
    /// - Throws: `unauthorized` if only one of the two keys is set, or a value is not a key.
    func find() throws(AWSError) -> CredentialLookupResult {
        let (idName, secretName, tokenName) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        let (id, secret) = (settings.variable(idName), settings.variable(secretName))
        if id == nil, secret == nil {
            return .absent("\(idName) is \(settings.environment[idName] == nil ? "not set" : "empty")")
        }
        guard let id else { throw AWSError(.unauthorized, "\(secretName) is set and \(idName) is not: set both") }
        guard let secret else { throw AWSError(.unauthorized, "\(idName) is set and \(secretName) is not: set both") }
        let keys = try AWSCredentials(
            id: .init(idName, id), secret: .init(secretName, secret),
            token: settings.variable(tokenName).map { .init(tokenName, $0) })
        return .found(ResolvedCredentials(credentials: keys, source: "the environment"))
    }
}
