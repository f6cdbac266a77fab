// SPDX-License-Identifier: Apache-2.0

import AWS
import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import Parameters
import Retry

/// Provisions the IAM role that MediaConvert assumes: it can read and write the objects of given buckets, and nothing else.
struct MediaConvertRoleProvisioner: Sendable {
    private static let service = "mediaconvert.amazonaws.com"
    /// Seconds until a change must be visible in IAM.
    private static let visibilityTimeout = 30

    /// The account that the role belongs to.
    let account: AWSAccount

    /// Implements `stitcher.setup_role`: creates the role and its policy if they are missing. Idempotent.
    ///
    /// - Throws: `invalid_params`; `conflict` for an existing role that MediaConvert may not assume; AWS's errors.
    func setUp(_ request: SetupRole) async throws -> SetupRoleResult { try await ensure(request).role }

    /// Creates the role and its policy if they are missing.
    ///
    /// - Returns: the role, and whether this call created or changed it.
    func ensure(_ request: SetupRole) async throws -> (role: SetupRoleResult, isChanged: Bool) {
        let name = request.roleName ?? SetupRole.defaultName
        try check(name, bucket: request.bucket)
        let iam = IAMClient(account: account)
        var (created, isChanged) = (false, false)
        var role = try await iam.role(name)
        if role == nil {
            do {
                role = try await iam.createRole(
                    name, trustPolicy: Self.trust,
                    description: "Lets MediaConvert join the clips of Understudy's films")
                created = true
            } catch let error as AWSError where error.kind == .conflict {
                // Another process created it in the meantime.
                role = try await iam.role(name)
            }
        }
        guard let role else {
            throw ServiceError(
                .unavailable, "the role \(name) was created but cannot be found: try again", provider: "iam")
        }
        guard Self.allowsMediaConvert(role.trustPolicy) else {
            throw ServiceError(
                .conflict,
                "the role \(name) exists, but \(Self.service) may not assume it: name another role, or give it this trust policy",
                detail: Self.trust, provider: "iam")
        }
        // One policy per bucket, so that setting up a bucket never replaces the policy of another.
        let policy = "UnderstudyS3-\(request.bucket)"
        let document = Self.accessPolicy(
            to: request.bucket, partition: role.arn.split(separator: ":").dropFirst().first ?? "aws")
        if try await iam.policy(policy, of: name).map({ !Self.isEqual($0, document) }) ?? true {
            try await iam.putPolicy(policy, document, of: name)
            isChanged = true
        }
        try await waitUntilVisible(iam, name, policy)
        let policies = try await iam.policyNames(of: name)
        return (SetupRoleResult(roleARN: role.arn, isNew: created, policies: policies), created || isChanged)
    }

    // MARK: -

    /// IAM is eventually consistent: polls until the policy is visible.
    private func waitUntilVisible(_ iam: IAMClient, _ name: String, _ policy: String) async throws {
        let backoff = Backoff(first: .milliseconds(250), longest: .seconds(4))
        let isVisible = try await poll(backoff, within: .seconds(Self.visibilityTimeout)) {
            try await iam.policy(policy, of: name) != nil
        }
        guard isVisible else {
            throw ServiceError(
                .timeout,
                "the policy \(policy) of the role \(name) is not visible after \(Self.visibilityTimeout) s: try again",
                provider: "iam")
        }
    }

    /// Validates names, which may come from the service's settings instead of a validated call.
    private func check(_ name: String, bucket: String) throws(ServiceError) {
        let violations = [
            CloudBounds.roleName.violation(name, at: "/role_name"), CloudBounds.bucket.violation(bucket, at: "/bucket"),
        ]
        if let error = violations.compactMap(\.self).error { throw error }
    }

    private static let trust =
        #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"mediaconvert.amazonaws.com"},"#
        + #""Action":"sts:AssumeRole"}]}"#

    private static func accessPolicy(to bucket: String, partition: Substring) -> String {
        #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"#
            + #""Resource":"arn:\#(partition):s3:::\#(bucket)/*"}]}"#
    }

    /// Whether a trust policy allows MediaConvert to assume the role.
    ///
    /// - Parameter trust: the policy in JSON; `false` if it is not valid JSON.
    static func allowsMediaConvert(_ trust: Data) -> Bool {
        guard let policy = try? JSONCoding.decode(JSONValue.self, from: trust) else { return false }
        let statements = policy["Statement"]?.array ?? [policy["Statement"]].compactMap { $0 }
        func texts(_ value: JSONValue?) -> [String] {
            value?.array?.compactMap(\.string) ?? [value?.string].compactMap { $0 }
        }
        return statements.contains { statement in
            statement["Effect"]?.string == "Allow" && texts(statement["Principal"]?["Service"]).contains(service)
                && texts(statement["Action"]).contains { $0 == "sts:AssumeRole" || $0 == "sts:*" || $0 == "*" }
        }
    }

    /// Whether two policies are the same JSON value.
    private static func isEqual(_ found: Data, _ expected: String) -> Bool {
        guard let foundValue = try? JSONCoding.decode(JSONValue.self, from: found),
            let expectedValue = try? JSONCoding.decode(JSONValue.self, from: Data(expected.utf8))
        else { return false }
        return foundValue == expectedValue
    }
}
