import AWS
import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import Parameters
import Retry

/// The role that MediaConvert runs under: assumed by the service, allowed to read and write the objects of a bucket, and nothing else.
struct MediaConvertRole: Sendable {
    private static let service = "mediaconvert.amazonaws.com"
    /// Seconds that IAM gets to show what was made.
    private static let patience = 30

    let account: AWSAccount

    /// Makes what is missing and leaves alone what is there: calling it twice changes nothing.
    ///
    /// - Throws: `invalid_params`; `conflict` for a role that MediaConvert may not assume; what AWS says.
    func setUp(_ request: SetupRole) async throws -> RoleSetUp { try await ensure(request).role }

    /// The same. -> whether anything was changed by it.
    func ensure(_ request: SetupRole) async throws -> (role: RoleSetUp, isChanged: Bool) {
        let name = request.roleName ?? SetupRole.usualName
        try check(name, bucket: request.bucket)
        let iam = IAMClient(account: account)
        var (created, isChanged) = (false, false)
        var role = try await iam.role(name)
        if role == nil {
            do {
                role = try await iam.createRole(
                    name, trust: Self.trust, description: "Lets MediaConvert join the clips of Understudy's films")
                created = true
            } catch let error as AWSError where error.kind == .conflict {
                // Somebody else was quicker.
                role = try await iam.role(name)
            }
        }
        guard let role else {
            throw ServiceError(.unavailable, "the role \(name) was made and is not there", provider: "iam")
        }
        guard Self.lets(role.trust) else {
            throw ServiceError(
                .conflict,
                "the role \(name) exists and \(Self.service) may not assume it: name another role, or give it this trust",
                detail: Self.trust, provider: "iam")
        }
        // One policy for each bucket, so that none is lost to another.
        let policy = "UnderstudyS3-\(request.bucket)"
        let document = Self.access(
            to: request.bucket, partition: role.arn.split(separator: ":").dropFirst().first ?? "aws")
        if try await iam.policy(policy, of: name).map({ !Self.isSame($0, document) }) ?? true {
            try await iam.putPolicy(policy, document, of: name)
            isChanged = true
        }
        try await untilSeen(iam, name, policy)
        let policies = try await iam.policyNames(of: name)
        return (RoleSetUp(roleARN: role.arn, created: created, policies: policies), created || isChanged)
    }

    // MARK: -

    /// IAM tells everybody of a change a little later.
    private func untilSeen(_ iam: IAMClient, _ name: String, _ policy: String) async throws {
        let backoff = Backoff(first: .milliseconds(250), longest: .seconds(4))
        let isSeen = try await poll(backoff, within: .seconds(Self.patience)) {
            try await iam.policy(policy, of: name) != nil
        }
        guard isSeen else {
            throw ServiceError(
                .timeout, "the role \(name) is made and cannot be seen after \(Self.patience) s: try again",
                provider: "iam")
        }
    }

    /// The name may come from this service's own settings, which no call has checked.
    private func check(_ name: String, bucket: String) throws(ServiceError) {
        let violations = [
            CloudBounds.roleName.violation(name, at: "/role_name"), CloudBounds.bucket.violation(bucket, at: "/bucket"),
        ]
        if let error = violations.compactMap(\.self).error { throw error }
    }

    private static let trust =
        #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"mediaconvert.amazonaws.com"},"#
        + #""Action":"sts:AssumeRole"}]}"#

    private static func access(to bucket: String, partition: Substring) -> String {
        #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"#
            + #""Resource":"arn:\#(partition):s3:::\#(bucket)/*"}]}"#
    }

    /// Whether a trust policy lets MediaConvert assume the role.
    static func lets(_ trust: Data) -> Bool {
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

    private static func isSame(_ found: Data, _ wanted: String) -> Bool {
        guard let one = try? JSONCoding.decode(JSONValue.self, from: found),
            let other = try? JSONCoding.decode(JSONValue.self, from: Data(wanted.utf8))
        else { return false }
        return one == other
    }
}
