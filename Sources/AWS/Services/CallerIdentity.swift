import Faults
import HTTP

/// Who AWS takes the caller for.
package struct CallerIdentity: Sendable, Equatable {
    /// Twelve digits.
    package let account: String
    package let arn: String

    /// Asks STS, which costs nothing and needs no permission.
    ///
    /// - Throws: `AWSError`, or `CancellationError`.
    package static func ask(_ account: AWSAccount) async throws -> CallerIdentity {
        let response = try await AWSClient(account: account).send(
            .form(.sts, action: "GetCallerIdentity", version: "2011-06-15", [], subject: "AWS"))
        let result = XMLElement(document: response.body)?["GetCallerIdentityResult"]
        guard let id = result?["Account"]?.text, let arn = result?["Arn"]?.text else {
            throw AWSError(.unavailable, "AWS: the endpoint's answer is none of STS", service: .sts)
        }
        return CallerIdentity(account: id, arn: arn)
    }
}
