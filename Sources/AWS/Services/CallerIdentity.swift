// SPDX-License-Identifier: Apache-2.0

import Faults
import HTTP

/// The identity to which AWS maps the credentials.
package struct CallerIdentity: Sendable, Equatable {
    /// The account's number, twelve digits.
    package let account: String
    /// The ARN of the user or role.
    package let arn: String

    /// Fetches the identity from STS, which is free of charge and requires no permissions.
    ///
    /// - Throws: `AWSError`; `CancellationError`.
    package static func fetch(_ account: AWSAccount) async throws -> CallerIdentity {
        let response = try await AWSClient(account: account).send(
            .form(.sts, action: "GetCallerIdentity", version: "2011-06-15", [], subject: "AWS"))
        let result = XMLElement(document: response.body)?["GetCallerIdentityResult"]
        guard let id = result?["Account"]?.text, let arn = result?["Arn"]?.text else {
            throw AWSError(.unavailable, "AWS: unexpected response; check the STS endpoint", service: .sts)
        }
        return CallerIdentity(account: id, arn: arn)
    }
}
