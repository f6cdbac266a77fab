// SPDX-License-Identifier: Apache-2.0

import Faults
package import FoundationEssentials
import HTTP

/// A client of the IAM actions that setting up a role for MediaConvert needs.
package struct IAMClient: Sendable {
    /// A role.
    package struct Role: Sendable, Equatable {
        /// The role's ARN.
        package let arn: String
        /// The trust policy in JSON.
        package let trustPolicy: Data
    }

    private static let version = "2010-05-08"

    private let client: AWSClient

    /// Creates a client with the account's credentials.
    package init(account: AWSAccount) {
        client = AWSClient(account: account)
    }

    /// Fetches a role by name.
    ///
    /// - Returns: `nil` if the role does not exist.
    /// - Throws: `AWSError`; `CancellationError`.
    package func role(_ name: String) async throws -> Role? {
        try await nilIfMissing { Self.role(try await call("GetRole", [(name: "RoleName", value: name)], name)) }
    }

    /// Creates a role.
    ///
    /// - Parameter trustPolicy: JSON.
    /// - Throws: `AWSError`, `conflict` if the role exists; `CancellationError`.
    package func createRole(_ name: String, trustPolicy: String, description: String) async throws -> Role {
        let fields = [
            (name: "RoleName", value: name), (name: "AssumeRolePolicyDocument", value: trustPolicy),
            (name: "Description", value: description),
        ]
        guard let role = Self.role(try await call("CreateRole", fields, name)) else {
            throw AWSError(.unavailable, "the role \(name): unexpected response; check the IAM endpoint", service: .iam)
        }
        return role
    }

    /// Lists the names of a role's inline policies.
    ///
    /// - Throws: `AWSError`; `CancellationError`.
    package func policyNames(of role: String) async throws -> [String] {
        let result = try await call("ListRolePolicies", [(name: "RoleName", value: role)], role)
        return result["ListRolePoliciesResult"]?["PolicyNames"]?.children(named: "member").map(\.text) ?? []
    }

    /// Fetches an inline policy of a role.
    ///
    /// - Returns: JSON; `nil` if there is no policy with this name.
    /// - Throws: `AWSError`; `CancellationError`.
    package func policy(_ name: String, of role: String) async throws -> Data? {
        let fields = [(name: "RoleName", value: role), (name: "PolicyName", value: name)]
        return try await nilIfMissing {
            Self.document(try await call("GetRolePolicy", fields, role)["GetRolePolicyResult"]?["PolicyDocument"])
        }
    }

    /// Adds an inline policy to a role, or replaces the one with the same name.
    ///
    /// - Parameter document: JSON.
    /// - Throws: `AWSError`; `CancellationError`.
    package func putPolicy(_ name: String, _ document: String, of role: String) async throws {
        let fields = [
            (name: "RoleName", value: role), (name: "PolicyName", value: name),
            (name: "PolicyDocument", value: document),
        ]
        _ = try await call("PutRolePolicy", fields, role)
    }

    // MARK: - Requests and responses

    private func call(_ action: String, _ fields: [(name: String, value: String)], _ role: String) async throws
        -> XMLElement
    {
        let response = try await client.send(
            .form(.iam, action: action, version: Self.version, fields, subject: "the role \(role)"))
        guard let document = XMLElement(document: response.body), document.name == "\(action)Response" else {
            throw AWSError(.unavailable, "the role \(role): unexpected response; check the IAM endpoint", service: .iam)
        }
        return document
    }

    private func nilIfMissing<R>(_ body: () async throws -> R?) async throws -> R? {
        do {
            return try await body()
        } catch let error as AWSError where error.code == "NoSuchEntity" {
            return nil
        }
    }

    private static func role(_ document: XMLElement) -> Role? {
        let role = (document["GetRoleResult"] ?? document["CreateRoleResult"])?["Role"]
        guard let arn = role?["Arn"]?.text else { return nil }
        return Role(arn: arn, trustPolicy: self.document(role?["AssumeRolePolicyDocument"]) ?? Data())
    }

    /// Decodes a policy document. IAM returns it percent-encoded, compatible services may not.
    private static func document(_ element: XMLElement?) -> Data? {
        guard let text = element?.text else { return nil }
        return Data((text.hasPrefix("%") ? CanonicalEncoding.decoded(text) ?? text : text).utf8)
    }
}
