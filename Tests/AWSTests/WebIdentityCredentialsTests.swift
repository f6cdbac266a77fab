// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON
import StandIns
import Synchronization
import Testing

@testable import AWS

@Suite(.timeLimit(.minutes(5))) struct WebIdentityCredentialsTests {
    private static let role = "arn:aws:iam::123456789012:role/films"

    private final class Token: Sendable {
        private let text = Mutex<String?>("token-1\n")

        func set(_ value: String?) { text.withLock { $0 = value } }
        func get() -> String? { text.withLock { $0 } }
    }

    private let aws: StandIn
    private let token = Token()

    init() throws {
        aws = try StandIn("aws")
        try aws.send(["web_identity": ["token-1"]])
    }

    private func account(_ more: [String: String], config: String = "") -> AWSAccount {
        let environment = [
            "HOME": "/home/ann", "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": aws.url,
        ]
        return AWSAccount(environment: environment.merging(more) { $1 }) { [token] path in
            path == "/token" ? token.get() : path == "/home/ann/.aws/config" ? config : nil
        }
    }

    private var podEnvironment: [String: String] {
        ["AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": Self.role, "AWS_ROLE_SESSION_NAME": "pod-7"]
    }

    private func put(_ account: AWSAccount) async throws {
        try await S3Client(account: account).upload(.bytes(Data("x".utf8)), to: S3Location(bucket: "films", key: "x"))
    }

    @Test
    func `a role is assumed with a token in an unsigned request, and renewed with the rotated token`() async throws {
        let account = account(podEnvironment)
        try await put(account)
        let first = try await account.credentials()
        #expect(first.sessionToken != nil && first.expiration != nil)
        let asked = try aws.send(["seen": "AssumeRoleWithWebIdentity"])
        #expect(asked["count"] == 1 && asked["seen"]?.array?.first?.string?.hasSuffix("\(Self.role) pod-7") == true)
        #expect(try await account.credentialSource() == "the web identity, role \(Self.role)")
        try aws.send(["web_identity": ["token-2"], "expire": .string(first.accessKeyID)])
        token.set("token-2")
        try await put(account)
        #expect(try await account.credentials() != first)
    }

    @Test
    func `the web identity of a profile assumes its role and roles that name it as source`() async throws {
        let config = """
            [profile pod]
            role_arn = \(Self.role)
            web_identity_token_file = /token
            [profile chained]
            role_arn = \(Self.role)2
            source_profile = pod
            [profile half]
            web_identity_token_file = /token
            """
        for profile in ["pod", "chained"] { try await put(account(["AWS_PROFILE": profile], config: config)) }
        #expect(try aws.send(["seen": "AssumeRole .*films2 understudy"])["count"] == 1)
        let incomplete = await #expect(throws: AWSError.self) {
            try await account(["AWS_PROFILE": "half"], config: config).credentials()
        }
        #expect(incomplete?.message.contains("no role_arn") == true)
    }

    @Test
    func `an invalid token or role is an error that names the setting, and ends the search`() async throws {
        let metadata = try StandIn("metadata")
        let node = ["AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url]
        func fails(_ reason: String, _ more: [String: String] = [:], without name: String? = nil) async throws {
            var environment = podEnvironment.merging(node) { $1 }.merging(more) { $1 }
            if let name { environment[name] = nil }
            let account = account(environment)
            let error = await #expect(throws: AWSError.self) { try await account.credentials() }
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
            #expect(error?.kind == .unauthorized && error?.message.contains("secret-token") == false)
            let steps = try await account.credentialSteps()
            #expect(steps.map(\.source) == [.environment, .webIdentity, .profile, .container, .instance])
            #expect(steps.dropFirst(2).allSatisfy { $0.outcome == .notTried })
            #expect("\(steps[1])".contains(reason))
        }
        try await fails("AWS_WEB_IDENTITY_TOKEN_FILE: there is no file /gone", ["AWS_WEB_IDENTITY_TOKEN_FILE": "/gone"])
        try await fails("AWS_ROLE_ARN is not: set both", without: "AWS_ROLE_ARN")
        try await fails("expected regional or legacy", ["AWS_STS_REGIONAL_ENDPOINTS": "global"])
        token.set("secret-token")
        try await fails("InvalidIdentityToken")
        try aws.send(["expire_tokens": ["secret-token"]])
        try await fails("check the process that renews its file")
        token.set(" \n")
        try await fails("AWS_WEB_IDENTITY_TOKEN_FILE: /token is empty")
        token.set("secret-token\nsecret-token")
        try await fails("AWS_WEB_IDENTITY_TOKEN_FILE: /token: character 13 is a line end")
        #expect(try metadata.send(["count": true])["asked"] == [])
    }

    @Test
    func `transient failures of STS are retried`() async throws {
        try aws.send(["misbehave": ["match": "POST /", "status": 503]])
        try aws.send(["misbehave": ["match": "POST /", "reset": true]])
        _ = try await account(podEnvironment).credentials()
        #expect(try aws.send(["seen": "AssumeRoleWithWebIdentity"])["count"] == 3)
    }
}
