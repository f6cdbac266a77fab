// SPDX-License-Identifier: Apache-2.0

import Faults
import HTTP

/// A client of the AWS Security Token Service, which issues temporary credentials for roles.
struct STSClient: Sendable {
    let settings: AWSSettings

    /// Calls one of the actions that assume a role.
    ///
    /// - Parameters:
    ///   - action: `AssumeRole` or `AssumeRoleWithWebIdentity`.
    ///   - fields: the parameters of the action.
    ///   - identity: the identity that assumes the role.
    ///   - subject: the role and its caller in messages.
    /// - Throws: `AWSError`; `CancellationError`.
    func assumeRole(
        action: String, _ fields: [(name: String, value: String)], as identity: AWSClient.Identity, subject: String
    ) async throws -> AWSCredentials {
        // The STS endpoint depends on the selected profile, not on the profile of the role.
        let settings = AWSSettings(
            environment: settings.environment, profile: settings.hasConfiguredProfile ? settings.profileName : nil,
            readFile: settings.readFile)
        var request = AWSRequest.form(.sts, action: action, version: "2011-06-15", fields, subject: subject)
        request.timeouts = .init(connect: 5, total: 15)
        let response: HTTPResponse
        do {
            response = try await AWSClient(settings: settings, identity: identity).send(request)
        } catch var error as AWSError {
            // The failure concerns the credentials, not the call that waits for them.
            if ![.unavailable, .timeout, .rateLimited].contains(error.kind) { error.kind = .unauthorized }
            throw error
        }
        guard
            let keys = XMLElement(document: response.body)?["\(action)Result"]?["Credentials"],
            let id = keys["AccessKeyId"]?.text, let secret = keys["SecretAccessKey"]?.text,
            let expiration = keys["Expiration"].flatMap({ ExpirationTime.seconds($0.text) })
        else { throw AWSError(.unavailable, "\(subject): unexpected response; check the STS endpoint", service: .sts) }
        return try AWSCredentials(
            id: .init("AccessKeyId of STS", id), secret: .init("SecretAccessKey of STS", secret),
            token: keys["SessionToken"].map { .init("SessionToken of STS", $0.text) }, expiration: expiration)
    }
}
