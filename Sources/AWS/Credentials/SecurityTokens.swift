import Faults
import HTTP

/// STS, which gives temporary credentials of roles.
struct SecurityTokens: Sendable {
    let settings: AWSSettings

    /// Calls one of the actions that assume a role.
    ///
    /// - Parameters:
    ///   - action: e.g. `AssumeRole`.
    ///   - identity: who asks for the role.
    ///   - subject: how errors name the role and who asks.
    func grant(
        _ action: String, _ fields: [(name: String, value: String)], as identity: AWSClient.Identity, subject: String
    ) async throws -> AWSCredentials {
        // The settings of the profile that asks decide where STS is.
        let settings = AWSSettings(
            environment: settings.environment, profile: settings.hasConfiguredProfile ? settings.profileName : nil,
            readFile: settings.readFile)
        var request = AWSRequest.form(.sts, action: action, version: "2011-06-15", fields, subject: subject)
        request.timeouts = .init(connect: 5, total: 15)
        let response: HTTPResponse
        do {
            response = try await AWSClient(settings: settings, identity: identity).send(request)
        } catch var error as AWSError {
            // The call that waits for the credentials is not at fault.
            if ![.unavailable, .timeout, .rateLimited].contains(error.kind) { error.kind = .unauthorized }
            throw error
        }
        guard
            let keys = XMLElement(document: response.body)?["\(action)Result"]?["Credentials"],
            let id = keys["AccessKeyId"]?.text, let secret = keys["SecretAccessKey"]?.text,
            let end = keys["Expiration"].flatMap({ ExpirationTime.seconds($0.text) })
        else { throw AWSError(.unavailable, "\(subject): the endpoint's answer is none of STS", service: .sts) }
        return try AWSCredentials(
            id: .init("AccessKeyId of STS", id), secret: .init("SecretAccessKey of STS", secret),
            token: keys["SessionToken"].map { .init("SessionToken of STS", $0.text) }, expiration: end)
    }
}
