import Faults

/// Temporary credentials of a profile's role, which other credentials may assume.
struct AssumedRole: Sendable {
    let settings: AWSSettings
    /// Whose role it is, for messages.
    let profile: String
    let role: String
    /// The profile's settings.
    let options: [String: String]

    /// - Parameter caller: who asks for the role.
    func credentials(_ caller: AWSCredentials) async throws -> AWSCredentials {
        if let device = options["mfa_serial"] {
            throw AWSError(
                .unauthorized,
                "the AWS profile \(profile) needs a code of the device \(device), which a service cannot ask for: "
                    + ProfileCredentials.advice(profile))
        }
        var fields = [
            (name: "RoleArn", value: role),
            (name: "RoleSessionName", value: options["role_session_name"] ?? "understudy"),
            (name: "DurationSeconds", value: options["duration_seconds"] ?? "3600"),
        ]
        if let id = options["external_id"] { fields.append((name: "ExternalId", value: id)) }
        return try await SecurityTokens(settings: settings).grant(
            "AssumeRole", fields, as: .credentials(caller), subject: "the role \(role) of the profile \(profile)")
    }
}
