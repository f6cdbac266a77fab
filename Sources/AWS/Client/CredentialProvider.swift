// SPDX-License-Identifier: Apache-2.0

/// Provides the credentials that sign requests, and replaces those that AWS rejects.
package protocol CredentialProvider: Sendable {
    /// The current credentials, looked up or refreshed if necessary.
    ///
    /// - Throws: `AWSError`, `unauthorized` if there are none; `CancellationError`.
    func credentials() async throws -> AWSCredentials

    /// Discards credentials that AWS has rejected, so that the next call looks them up again.
    func invalidate(_ credentials: AWSCredentials)
}
