import Faults
import Untrusted

/// A role that is assumed by showing a token of an identity provider, e.g. of a Kubernetes cluster (EKS's IRSA). The file with the
/// token is read for each renewal: what wrote it replaces it before the token expires.
struct WebIdentity: Sendable {
    /// Bytes that STS accepts as a token.
    private static let maximumToken = 20_000

    let settings: AWSSettings
    let role: String
    let tokenFile: String
    /// The setting that names the file, for messages.
    let setting: String
    let sessionName: String?
    var duration: String?

    /// The web identity of the environment.
    static func find(_ settings: AWSSettings) async throws -> CredentialFinding {
        let setting = "AWS_WEB_IDENTITY_TOKEN_FILE"
        guard let path = settings.variable(setting) else { return .absent("\(setting) is not set") }
        guard let role = settings.variable("AWS_ROLE_ARN") else {
            throw AWSError(.unauthorized, "\(setting) is set and AWS_ROLE_ARN is not: set both")
        }
        let identity = WebIdentity(
            settings: settings, role: role, tokenFile: path, setting: setting,
            sessionName: settings.variable("AWS_ROLE_SESSION_NAME"))
        return .found(
            FoundCredentials(
                credentials: try await identity.credentials(), source: "the web identity, role \(role)",
                details: "role \(role)"))
    }

    func credentials() async throws -> AWSCredentials {
        var fields = [
            (name: "RoleArn", value: role),
            (name: "RoleSessionName", value: sessionName ?? "understudy"),
            (name: "WebIdentityToken", value: try token()),
        ]
        if let duration { fields.append((name: "DurationSeconds", value: duration)) }
        return try await SecurityTokens(settings: settings).grant(
            "AssumeRoleWithWebIdentity", fields, as: .unsigned,
            subject: "the role \(role) by the token of \(setting) (\(tokenFile))")
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
        return try AWSCredentials.Part("\(setting): \(tokenFile)", text).value()
    }
}
