// SPDX-License-Identifier: Apache-2.0

import Faults

/// Temporary credentials for the role of a profile, assumed with other credentials.
struct AssumedRole: Sendable {
    let settings: AWSSettings
    /// The profile's name, for messages.
    let profile: String
    /// The ARN of the role.
    let role: String
    /// The profile's settings.
    let options: [String: String]

    /// Assumes the role.
    ///
    /// - Parameter caller: the credentials that assume the role.
    /// - Throws: `AWSError`; `CancellationError`.
    func credentials(_ caller: AWSCredentials) async throws -> AWSCredentials {
        if let device = options["mfa_serial"] {
            throw AWSError(
                .unauthorized,
                "the AWS profile \(profile) needs a code from the MFA device \(device), which a service cannot request: "
                    + ProfileCredentials.advice(profile))
        }
        var fields = [
            (name: "RoleArn", value: role),
            (name: "RoleSessionName", value: options["role_session_name"] ?? "understudy"),
            (name: "DurationSeconds", value: options["duration_seconds"] ?? "3600"),
        ]
        if let id = options["external_id"] { fields.append((name: "ExternalId", value: id)) }
        return try await STSClient(settings: settings).assumeRole(
            action: "AssumeRole", fields, as: .credentials(caller),
            subject: "the role \(role) of the profile \(profile)")
    }
}
