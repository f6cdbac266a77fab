// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// `stitcher.setup_role`. boto3 reads what IAM has stored.
@Suite(.serialized, .timeLimit(.minutes(3))) struct RoleOnStackTests {
    private let aws: StandIn

    init() throws {
        aws = try StandIn("aws")
    }

    @discardableResult
    private func iam(_ call: String, _ arguments: JSONValue) throws -> JSONValue {
        try aws.send(["service": "iam", "call": .string(call), "args": arguments])
    }

    /// Starts a stitcher, runs `body`, and stops the stitcher.
    private func withStitcher(
        _ extra: [String: String] = [:], _ body: (RPCConnection) async throws -> Void
    ) async throws {
        let stack = try LiveStack.prepare(
            aws.awsEnvironment.merging(["UNDERSTUDY_INSTANCE": "one"]) { $1 }.merging(extra) { $1 })
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let stitcher = try await Program("stitcher", environment: stack.environment)
        let connection = try await RPCConnection.connect(
            to: try stack.runDirectory.socketPath(service: "stitcher", instance: "one"), timeout: .seconds(20))
        do {
            try await body(connection)
        } catch {
            stitcher.signal(SIGTERM)
            _ = await stitcher.waitUntilExit()
            throw error
        }
        await connection.close()
        stitcher.signal(SIGTERM)
        #expect(await stitcher.waitUntilExit().status == 0)
    }

    @Test
    func `the role is created once with a minimal policy, and gets a policy for each bucket`() async throws {
        try await withStitcher { stitcher in
            let first = try await stitcher.call(StitcherAPI.setupRole, SetupRole(bucket: "films"))
            #expect(first.isNew && first.roleARN == "arn:aws:iam::123456789012:role/MediaConvertJobRole")
            #expect(first.policies == ["UnderstudyS3-films"])
            let puts = try aws.send(["seen": "^POST /$"])["count"]
            let again = try await stitcher.call(StitcherAPI.setupRole, SetupRole(bucket: "films"))
            #expect(!again.isNew && again.roleARN == first.roleARN && again.policies == first.policies)
            #expect(puts != nil)
            let other = try await stitcher.call(StitcherAPI.setupRole, SetupRole(bucket: "more.films"))
            #expect(!other.isNew && Set(other.policies) == ["UnderstudyS3-films", "UnderstudyS3-more.films"])
            let role = try iam("get_role", ["RoleName": "MediaConvertJobRole"])["Role"]
            let statement = role?["AssumeRolePolicyDocument"]?["Statement"]?.array?.first
            #expect(statement?["Principal"]?["Service"] == "mediaconvert.amazonaws.com")
            #expect(statement?["Action"] == "sts:AssumeRole")
            let policy = try iam(
                "get_role_policy", ["RoleName": "MediaConvertJobRole", "PolicyName": "UnderstudyS3-films"])
            let access = policy["PolicyDocument"]?["Statement"]?.array?.first
            #expect(access?["Action"] == ["s3:GetObject", "s3:PutObject"])
            #expect(access?["Resource"] == "arn:aws:s3:::films/*")
            let named = try await stitcher.call(StitcherAPI.setupRole, SetupRole(roleName: "Mine", bucket: "films"))
            #expect(named.isNew && named.roleARN.hasSuffix("role/Mine"))
        }
    }

    @Test
    func `a changed policy is corrected, and a role that MediaConvert cannot assume is reported`() async throws {
        try await withStitcher { stitcher in
            _ = try await stitcher.call(StitcherAPI.setupRole, SetupRole(bucket: "films"))
            try iam(
                "put_role_policy",
                [
                    "RoleName": "MediaConvertJobRole", "PolicyName": "UnderstudyS3-films",
                    "PolicyDocument":
                        #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}"#,
                ])
            _ = try await stitcher.call(StitcherAPI.setupRole, SetupRole(bucket: "films"))
            let policy = try iam(
                "get_role_policy", ["RoleName": "MediaConvertJobRole", "PolicyName": "UnderstudyS3-films"])
            let statement = policy["PolicyDocument"]?["Statement"]?.array?.first
            #expect(statement?["Action"] == ["s3:GetObject", "s3:PutObject"])
            try iam(
                "create_role",
                [
                    "RoleName": "Foreign",
                    "AssumeRolePolicyDocument":
                        #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#,
                ])
            let error = await #expect(throws: ServiceError.self) {
                try await stitcher.call(StitcherAPI.setupRole, SetupRole(roleName: "Foreign", bucket: "films"))
            }
            #expect(error?.kind == .conflict && error?.detail?.contains("mediaconvert.amazonaws.com") == true)
            let policies = try iam("list_role_policies", ["RoleName": "Foreign"])
            #expect(policies["PolicyNames"]?.array?.isEmpty == true)
        }
    }

    @Test
    func `invalid names, missing credentials and errors of AWS are reported`() async throws {
        try await withStitcher { stitcher in
            for (role, bucket, pointer) in [("a b", "films", "/role_name"), ("ok", "No_Bucket!", "/bucket")] {
                let error = await #expect(throws: ServiceError.self) {
                    try await stitcher.call(StitcherAPI.setupRole, SetupRole(roleName: role, bucket: bucket))
                }
                #expect(error?.kind == .invalidParams && error?.message.hasPrefix(pointer) == true)
            }
            try aws.send(["misbehave": ["match": "POST /", "json": "AccessDenied", "status": 403]])
            let denied = await #expect(throws: ServiceError.self) {
                try await stitcher.call(StitcherAPI.setupRole, SetupRole(bucket: "films"))
            }
            #expect(
                denied?.kind == .unauthorized && denied?.providerCode == "AccessDenied" && denied?.provider == "iam")
        }
        try await withStitcher(["AWS_ACCESS_KEY_ID": ""]) { stitcher in
            let missing = await #expect(throws: ServiceError.self) {
                try await stitcher.call(StitcherAPI.setupRole, SetupRole(bucket: "films"))
            }
            #expect(missing?.kind == .unauthorized && missing?.message.contains("AWS_ACCESS_KEY_ID") == true)
        }
    }
}
