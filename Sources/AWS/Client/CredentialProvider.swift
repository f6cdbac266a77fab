/// Provides the credentials that requests are signed with, and replaces those that AWS rejects.
package protocol CredentialProvider: Sendable {
    /// - Throws: `AWSError`, `unauthorized` if there are none; or `CancellationError`.
    func credentials() async throws -> AWSCredentials

    /// Discards credentials that AWS has rejected, so that the next call looks them up again.
    func forget(_ credentials: AWSCredentials)
}
