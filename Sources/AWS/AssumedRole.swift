import FoundationEssentials
import HTTP

/// Temporary credentials of a role, which STS gives to whoever may assume it.
struct AssumedRole: Sendable {
    let settings: AWSSettings
    /// Whose role it is, for messages.
    let profile: String
    let role: String
    /// The profile's settings.
    let options: [String: String]

    /// - Parameter caller: who asks for the role.
    func credentials(_ caller: AWSCredentials) async throws -> AWSCredentials {
        guard options["mfa_serial"] == nil else {
            throw AWSError(
                .unauthorized,
                "the AWS profile \(profile) wants a code of \(options["mfa_serial"] ?? ""), which nobody can type here"
            )
        }
        var fields = [
            (name: "RoleArn", value: role),
            (name: "RoleSessionName", value: options["role_session_name"] ?? "understudy"),
            (name: "DurationSeconds", value: options["duration_seconds"] ?? "3600"),
        ]
        if let id = options["external_id"] { fields.append((name: "ExternalId", value: id)) }
        // The settings of the profile that asks decide where STS is.
        let account = AWSAccount(
            environment: settings.environment, profile: settings.hasConfiguredProfile ? settings.profileName : nil,
            readFile: settings.readFile)
        let client = AWSClient(account: account, credentials: caller)
        let response = try await client.send(
            .form(
                .sts, action: "AssumeRole", version: "2011-06-15", fields,
                subject: "the role \(role) of the profile \(profile)"))
        guard
            let keys = XMLElement(document: response.body)?["AssumeRoleResult"]?["Credentials"],
            let id = keys["AccessKeyId"]?.text, let secret = keys["SecretAccessKey"]?.text,
            let end = keys["Expiration"].flatMap({ Self.seconds($0.text) })
        else { throw AWSError(.unavailable, "the role \(role): the endpoint's answer is none of STS", service: .sts) }
        return AWSCredentials(
            accessKeyID: id, secretAccessKey: secret, sessionToken: keys["SessionToken"]?.text, expiration: end)
    }

    /// - Parameter text: RFC 3339, with or without fractions.
    /// - Returns: seconds since 1970.
    static func seconds(_ text: String) -> Double? {
        let plain = Date.ISO8601FormatStyle()
        let date =
            (try? plain.parse(text))
            ?? (try? plain.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .colon)
                .parse(text))
        return date?.timeIntervalSince1970
    }
}
