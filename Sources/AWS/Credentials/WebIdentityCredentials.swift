// SPDX-License-Identifier: Apache-2.0

import Faults
import Untrusted

/// Temporary credentials for a role that is assumed with a token of an identity provider, for example of a Kubernetes cluster (EKS IRSA).
/// The token's file is read for each renewal because the identity provider rotates it.
struct WebIdentityCredentials: Sendable {
    /// The maximum size of a token in bytes that STS accepts.
    private static let maximumToken = 20_000

    let settings: AWSSettings
    /// The ARN of the role.
    let role: String
    let tokenFile: String
    /// The setting that names the file, for messages.
    let setting: String
    let sessionName: String?
    /// Validity of the credentials in seconds; STS's default if `nil`.
    var duration: String?

    /// Looks up the web identity of the environment.
    ///
    /// - Throws: `AWSError`, `unauthorized` if the token or the role is missing or invalid; `CancellationError`.
    static func find(_ settings: AWSSettings) async throws -> CredentialLookupResult {
        let setting = "AWS_WEB_IDENTITY_TOKEN_FILE"
        guard let path = settings.variable(setting) else { return .absent("\(setting) is not set") }
        guard let role = settings.variable("AWS_ROLE_ARN") else {
            throw AWSError(.unauthorized, "\(setting) is set and AWS_ROLE_ARN is not: set both")
        }
        let identity = WebIdentityCredentials(
            settings: settings, role: role, tokenFile: path, setting: setting,
            sessionName: settings.variable("AWS_ROLE_SESSION_NAME"))
        return .found(
            ResolvedCredentials(
                credentials: try await identity.credentials(), source: "the web identity, role \(role)",
                details: "role \(role)"))
    }

    /// Assumes the role.
    ///
    /// - Throws: `AWSError`; `CancellationError`.
    func credentials() async throws -> AWSCredentials {
        var fields = [
            (name: "RoleArn", value: role),
            (name: "RoleSessionName", value: sessionName ?? "understudy"),
            (name: "WebIdentityToken", value: try token()),
        ]
        if let duration { fields.append((name: "DurationSeconds", value: duration)) }
        return try await STSClient(settings: settings).assumeRole(
            action: "AssumeRoleWithWebIdentity", fields, as: .unsigned,
            subject: "the role \(role) with the token of \(setting) (\(tokenFile))")
    }

    private func token() throws(AWSError) -> String {
        let text: String?
        do {
            text = try settings.readFile(tokenFile)
        } catch {
            throw AWSError(.unauthorized, "\(setting): \(error.message)")
        }
        guard let text else { throw AWSError(.unauthorized, "\(setting): there is no file \(tokenFile)") }
        guard text.utf8.count <= Self.maximumToken else {
            throw AWSError(.unauthorized, "\(setting): \(tokenFile) has more than \(Self.maximumToken) bytes")
        }
        return try AWSCredentials.Field("\(setting): \(tokenFile)", text).value()
    }
}
