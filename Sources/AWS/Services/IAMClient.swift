import Faults
package import FoundationEssentials
import HTTP

/// Roles and their policies, as far as a role for MediaConvert needs.
package struct IAMClient: Sendable {
    package struct Role: Sendable, Equatable {
        package let arn: String
        /// The policy that says who may assume it, in JSON.
        package let trust: Data
    }

    private static let version = "2010-05-08"

    private let client: AWSClient

    package init(account: AWSAccount) {
        client = AWSClient(account: account)
    }

    /// `nil` where there is no such role.
    package func role(_ name: String) async throws -> Role? {
        try await found { Self.role(try await call("GetRole", [(name: "RoleName", value: name)], name)) }
    }

    /// - Parameter trust: the policy that says who may assume it, in JSON.
    /// - Throws: `conflict` where there is a role of this name.
    package func createRole(_ name: String, trust: String, description: String) async throws -> Role {
        let fields = [
            (name: "RoleName", value: name), (name: "AssumeRolePolicyDocument", value: trust),
            (name: "Description", value: description),
        ]
        guard let role = Self.role(try await call("CreateRole", fields, name)) else {
            throw AWSError(.unavailable, "the role \(name): the endpoint's answer is none of IAM", service: .iam)
        }
        return role
    }

    /// The names of the policies that are part of a role.
    package func policyNames(of role: String) async throws -> [String] {
        let result = try await call("ListRolePolicies", [(name: "RoleName", value: role)], role)
        return result["ListRolePoliciesResult"]?["PolicyNames"]?.all("member").map(\.text) ?? []
    }

    /// A policy that is part of a role, in JSON; `nil` where there is none of this name.
    package func policy(_ name: String, of role: String) async throws -> Data? {
        let fields = [(name: "RoleName", value: role), (name: "PolicyName", value: name)]
        return try await found {
            Self.document(try await call("GetRolePolicy", fields, role)["GetRolePolicyResult"]?["PolicyDocument"])
        }
    }

    /// Makes a policy part of a role, in place of one of the same name.
    package func putPolicy(_ name: String, _ document: String, of role: String) async throws {
        let fields = [
            (name: "RoleName", value: role), (name: "PolicyName", value: name),
            (name: "PolicyDocument", value: document),
        ]
        _ = try await call("PutRolePolicy", fields, role)
    }

    // MARK: -

    private func call(_ action: String, _ fields: [(name: String, value: String)], _ role: String) async throws
        -> XMLElement
    {
        let response = try await client.send(
            .form(.iam, action: action, version: Self.version, fields, subject: "the role \(role)"))
        guard let document = XMLElement(document: response.body), document.name == "\(action)Response" else {
            throw AWSError(.unavailable, "the role \(role): the endpoint's answer is none of IAM", service: .iam)
        }
        return document
    }

    private func found<R>(_ body: () async throws -> R?) async throws -> R? {
        do {
            return try await body()
        } catch let error as AWSError where error.code == "NoSuchEntity" {
            return nil
        }
    }

    private static func role(_ document: XMLElement) -> Role? {
        let role = (document["GetRoleResult"] ?? document["CreateRoleResult"])?["Role"]
        guard let arn = role?["Arn"]?.text else { return nil }
        return Role(arn: arn, trust: self.document(role?["AssumeRolePolicyDocument"]) ?? Data())
    }

    /// IAM answers documents percent-encoded; what stands in for it may not.
    private static func document(_ element: XMLElement?) -> Data? {
        guard let text = element?.text else { return nil }
        return Data((text.hasPrefix("%") ? PercentEncoding.decode(text) ?? text : text).utf8)
    }
}
