// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import StandIns
import TestSupport
import Testing

/// The sources of AWS credentials. `understudy doctor` searches them, and writes and removes an object with what it finds.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CredentialsOnStackTests {
    private static let role = "arn:aws:iam::123456789012:role/films"
    private static let secret = "hush-hush-secret"
    private static let keys = "aws_access_key_id = AKIATEST\naws_secret_access_key = \(secret)\n"

    private let aws: StandIn
    private let metadata: StandIn

    init() throws {
        aws = try StandIn("aws")
        metadata = try StandIn("metadata")
        try metadata.send(["keys": ["M1", .string(Self.secret), "M3"]])
        try aws.send([
            "keys": ["AKIATEST": .string(Self.secret), "M1": .string(Self.secret)],
            "web_identity": ["the-token-of-a-pod"],
        ])
    }

    /// Runs `understudy doctor`, and checks that no secret is printed.
    ///
    /// - Parameters:
    ///   - files: The contents of files of the home folder, by name. In contents and variables, `~` is replaced by that folder, and
    ///     `TILDE` by `~`.
    ///   - status: The expected exit status; `nil` for any.
    /// - Returns: The standard output.
    private func doctor(
        _ environment: [String: String], files: [String: String] = [:], status: Int32? = nil
    ) async throws -> String {
        let home = TemporaryPath.new("home")
        try FileManager.default.createDirectory(atPath: "\(home)/.aws", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: home) }
        for (name, text) in files {
            try text.replacing("~", with: home).write(toFile: "\(home)/\(name)", atomically: true, encoding: .utf8)
        }
        let base = [
            "HOME": home, "UNDERSTUDY_STORE": "s3://films/doctor", "AWS_ENDPOINT_URL": aws.url,
            "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
        ]
        let stack = try LiveStack.prepare(
            base.merging(
                environment.mapValues { $0.replacing("~", with: home).replacing("TILDE", with: "~") }
            ) { $1 })
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let result = try await stack.understudy("doctor")
        if let status { #expect(result.status == status, "\(result.output)") }
        #expect(!(result.output + result.errors).contains(Self.secret))
        #expect(!(result.output + result.errors).contains("the-token-of-a-pod"))
        return result.output
    }

    /// A machine that offers instance metadata.
    private var node: [String: String] {
        ["AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url]
    }

    /// A pod with a web identity.
    private var pod: [String: String] {
        ["AWS_WEB_IDENTITY_TOKEN_FILE": "~/token", "AWS_ROLE_ARN": Self.role]
    }

    /// A container with an agent that gives credentials.
    private var agent: [String: String] {
        [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "~/token",
        ]
    }

    @Test
    func `each source of credentials works, and doctor reports which was used and why the others were not`()
        async throws
    {
        func expectUse(_ parts: String..., with environment: [String: String], files: [String: String] = [:])
            async throws
        {
            let report = try await doctor(environment, files: files)
            #expect(report.contains("ok    store: s3://films/doctor is writable"), "\(report)")
            let line = report.split(separator: "\n").first { $0.hasPrefix("ok    credentials: ") } ?? ""
            for part in parts { #expect(line.contains(part), "\(part): \(report)") }
        }
        try await expectUse(
            "environment: used; web identity: not tried; profile: not tried; container: not tried; instance",
            with: ["AWS_ACCESS_KEY_ID": "AKIATEST\r\n", "AWS_SECRET_ACCESS_KEY": "\"\(Self.secret)\"\n"])
        try await expectUse(
            "environment: skipped, AWS_ACCESS_KEY_ID is not set; web identity: skipped, AWS_WEB_IDENTITY_TOKEN_FILE is",
            "profile: used, profile default; container: not tried", with: node,
            files: [".aws/credentials": "[default]\r\n\(Self.keys)"])
        try await expectUse(
            "profile: used, profile base; environment: not tried", with: ["UNDERSTUDY_AWS_PROFILE": "base"],
            files: [".aws/config": "[profile base]\n\(Self.keys)"])
        try await expectUse(
            "profile: used, profile films, role \(Self.role), expires 2",
            with: pod.merging(["AWS_PROFILE": "films"]) { $1 },
            files: [
                ".aws/config":
                    "[profile films]\nrole_arn = \(Self.role)\nsource_profile = base\n[profile base]\n\(Self.keys)"
            ])
        for path in ["TILDE/keys", "$HOME/keys", "${HOME}/keys"] {
            try await expectUse(
                "profile: used, profile films; container: not tried",
                with: node.merging(["AWS_DEFAULT_PROFILE": "films", "AWS_SHARED_CREDENTIALS_FILE": path]) { $1 },
                files: ["keys": "[films]\n\(Self.keys)"])
            try await expectUse(
                "profile: used, profile films; container: not tried",
                with: node.merging(["AWS_PROFILE": "films", "AWS_CONFIG_FILE": path]) { $1 },
                files: ["keys": "[profile films]\n\(Self.keys)"])
        }
        let program = "printf '{\"Version\":1,\"AccessKeyId\":\"AKIATEST\",\"SecretAccessKey\":\"%s\"}' \(Self.secret)"
        try await expectUse(
            "profile: used, profile default, credential_process", with: [:],
            files: [".aws/config": "[default]\ncredential_process = \(program)\n"])
        try await expectUse(
            "web identity: used, role \(Self.role), expires 2", with: node.merging(pod) { $1 },
            files: ["token": "the-token-of-a-pod\n"])
        try await expectUse(
            "profile: used, profile pod, role \(Self.role)", with: ["AWS_PROFILE": "pod"],
            files: [
                ".aws/config": "[profile pod]\nrole_arn = \(Self.role)\nweb_identity_token_file = ~/token\n",
                "token": "the-token-of-a-pod",
            ])
        try await expectUse(
            "profile: skipped, there is no profile default in", "container: used, http://127.0.0.1:",
            with: node.merging(agent) { $1 }, files: ["token": "let me in\n"])
        try await expectUse(
            "container: skipped, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and", "instance metadata: used, role renderer",
            with: node)
    }

    @Test
    func `a missing file that a variable names is reported, whichever source is used instead`() async throws {
        for name in ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"] {
            let report = try await doctor(node.merging([name: "TILDE/gone"]) { $1 }, status: 0)
            #expect(
                report.contains("note  credentials: \(name): there is no file \(TemporaryPath.prefix)home-"),
                "\(report)")
            #expect(report.contains("/gone); container: skipped"), "\(report)")
            let chosen = try await doctor(
                node.merging([name: "~/gone", "AWS_DEFAULT_PROFILE": "films"]) { $1 }, status: 1)
            #expect(
                chosen.contains(
                    "or correct AWS_DEFAULT_PROFILE (\(name): there is no file \(TemporaryPath.prefix)home-"),
                "\(chosen)")
            #expect(!chosen.contains("UNDERSTUDY_STORE"))
        }
    }

    @Test
    func `doctor accepts an S3-compatible store without STS, and reports faults of other stores`() async throws {
        let store = try StandIn("s3")
        let keys = ["AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"]
        for quirks: JSONValue in [
            [:], ["checksums": "refuse"], ["etags": "none"], ["etags": "random", "meta": "refuse"],
        ] {
            try store.send(["quirks": quirks])
            let report = try await doctor(keys.merging(["AWS_ENDPOINT_URL": store.url]) { $1 }, status: 0)
            #expect(
                report.contains(
                    "note  aws: STS does not confirm the credentials, but the store at \(store.url) accepts them"),
                "\(report)")
            #expect(report.contains("ok    bucket: s3://films exists"))
        }
        try store.send(["quirks": [:]])
        let apart = ["AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": store.url]
        let report = try await doctor(keys.merging(apart) { $1 }, status: 0)
        #expect(report.contains("note  aws: not checked: the store is at \(store.url), not at AWS"), "\(report)")
        // A configured STS endpoint must know the credentials.
        let stranger = [
            "AWS_ENDPOINT_URL_S3": store.url, "AWS_ENDPOINT_URL_STS": aws.url, "AWS_ACCESS_KEY_ID": "stranger",
        ]
        let refused = try await doctor(keys.merging(stranger) { $1 }, status: 1)
        #expect(refused.contains("BAD   aws: "), "\(refused)")
        // Without credentials, doctor does not suggest another store; without the bucket, it does.
        let none = try await doctor(["AWS_ENDPOINT_URL": store.url], status: 1)
        #expect(none.contains("BAD   store: no AWS credentials") && !none.contains("UNDERSTUDY_STORE"), "\(none)")
        let elsewhere = ["AWS_ENDPOINT_URL": store.url, "UNDERSTUDY_STORE": "s3://nowhere/x"]
        let lost = try await doctor(keys.merging(elsewhere) { $1 }, status: 1)
        #expect(
            lost.contains("BAD   store: ") && lost.contains("create the bucket, or correct UNDERSTUDY_STORE\n"),
            "\(lost)"
        )
    }

    @Test
    func `a configured source that fails is reported, and instance metadata is never used instead`() async throws {
        func expectFailure(_ reason: String, with environment: [String: String], files: [String: String] = [:])
            async throws
        {
            let report = try await doctor(node.merging(environment) { $1 }, files: files)
            let line = report.split(separator: "\n").first { $0.hasPrefix("BAD   credentials: ") } ?? ""
            #expect(line.contains(reason) && line.contains("instance metadata: not tried"), "\(reason): \(report)")
            #expect(report.contains("BAD   store: "))
        }
        try await expectFailure("web identity: failed, AWS_WEB_IDENTITY_TOKEN_FILE: there is no file", with: pod)
        try await expectFailure("InvalidIdentityToken", with: pod, files: ["token": "of-another-pod"])
        try await expectFailure(
            "environment: failed, AWS_ACCESS_KEY_ID: character 4 is a line end",
            with: ["AWS_ACCESS_KEY_ID": "AKI\nA", "AWS_SECRET_ACCESS_KEY": Self.secret])
        try await expectFailure(
            "profile: failed, the AWS profile default uses sso_session", with: [:],
            files: [".aws/config": "[default]\nsso_session = corp\n"])
        try await expectFailure("container: failed, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: ", with: agent)
        try await expectFailure("answered 401: InvalidToken", with: agent, files: ["token": "of-another-pod"])
        try await expectFailure(
            "there is no AWS profile films", with: ["AWS_DEFAULT_PROFILE": "films"],
            files: [".aws/credentials": "[default]\n\(Self.keys)"])
        #expect(try metadata.send(["count": true])["asked"]?.array?.contains("PUT /latest/api/token") == false)
    }

    @Test
    func `credentials are requested again if an agent or a machine is busy`() async throws {
        for (place, environment) in [("GET /container", agent), ("PUT /latest", [:]), ("GET /latest", [:])] {
            for status in [503, 429] {
                try metadata.send(["misbehave": ["match": .string(place), "status": .number(Double(status))]])
            }
            let report = try await doctor(node.merging(environment) { $1 }, files: ["token": "let me in"])
            #expect(report.contains("ok    store: s3://films/doctor is writable"), "\(report)")
        }
    }

    @Test
    func `films are made in a bucket while the token and the credentials of a web identity are replaced`() async throws
    {
        let folder = TemporaryPath.new("pod")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "the-token-of-a-pod".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
        try aws.send([
            "service": "s3", "call": "put_object",
            "args": [
                "Bucket": "films", "Key": "scaffold_test/u/s/agent2/storyboard.json",
                "Body":
                    "{\"segments\":[{\"id\":\"a\",\"duration\":1,\"visual_guidance\":\"A hill\",\"narration\":\"n\"}]}",
            ],
        ])
        let environment = [
            "HOME": folder, "UNDERSTUDY_STORE": "s3://films", "UNDERSTUDY_CACHE_DIR": "\(folder)/cache",
            "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "\(folder)/token", "AWS_ROLE_ARN": Self.role,
        ]
        try await LiveStack.with(environment) { stack in
            #expect(try await stack.runJob().state == .finished)
            try "the-next-token".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
            try aws.send(["web_identity": ["the-next-token"], "expire_all": true])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
        }
    }
}
