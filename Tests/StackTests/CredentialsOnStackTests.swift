import Contracts
import Faults
import Foundation
import JSON
import StandIns
import Testing

/// Where credentials come from: `understudy doctor` looks for them, and writes to the bucket and removes from it by them.
@Suite(.serialized) struct CredentialsOnStackTests {
    private static let role = "arn:aws:iam::123456789012:role/films"
    private static let secret = "hush-hush-secret"
    private static let keys = "aws_access_key_id = AKIATEST\naws_secret_access_key = \(secret)\n"

    private let aws: StandIn
    private let metadata: StandIn

    init() throws {
        aws = try StandIn("aws")
        metadata = try StandIn("metadata")
        try metadata.ask(["keys": ["M1", .string(Self.secret), "M3"]])
        try aws.ask([
            "keys": ["AKIATEST": .string(Self.secret), "M1": .string(Self.secret)],
            "web_identity": ["the-token-of-a-pod"],
        ])
    }

    /// - Parameters:
    ///   - files: by their names in the home folder; `~` in them and in the variables is that folder, `TILDE` is `~`.
    ///   - status: that it ends with; any if absent.
    private func doctor(
        _ environment: [String: String], files: [String: String] = [:], status: Int32? = nil
    ) async throws -> String {
        let home = "/tmp/us-home-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
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
        let ended = try await stack.understudy("doctor")
        if let status { #expect(ended.status == status, "\(ended.output)") }
        #expect(!(ended.output + ended.errors).contains(Self.secret))
        #expect(!(ended.output + ended.errors).contains("the-token-of-a-pod"))
        return ended.output
    }

    private var node: [String: String] {
        ["AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url]
    }

    private var pod: [String: String] {
        ["AWS_WEB_IDENTITY_TOKEN_FILE": "~/token", "AWS_ROLE_ARN": Self.role]
    }

    private var agent: [String: String] {
        [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "~/token",
        ]
    }

    @Test("the bucket is written by each source, and doctor reports which was used and why the others were not")
    func sources() async throws {
        func works(_ words: String..., by environment: [String: String], files: [String: String] = [:]) async throws {
            let said = try await doctor(environment, files: files)
            #expect(said.contains("ok    store: s3://films/doctor is writable"), "\(said)")
            let line = said.split(separator: "\n").first { $0.hasPrefix("ok    credentials: ") } ?? ""
            for part in words { #expect(line.contains(part), "\(part): \(said)") }
        }
        try await works(
            "environment: used; web identity: not asked; profile: not asked; container: not asked; instance",
            by: ["AWS_ACCESS_KEY_ID": "AKIATEST\r\n", "AWS_SECRET_ACCESS_KEY": "\"\(Self.secret)\"\n"])
        try await works(
            "environment: skipped, AWS_ACCESS_KEY_ID is not set; web identity: skipped, AWS_WEB_IDENTITY_TOKEN_FILE is",
            "profile: used, profile default; container: not asked", by: node,
            files: [".aws/credentials": "[default]\r\n\(Self.keys)"])
        try await works(
            "profile: used, profile base; environment: not asked", by: ["UNDERSTUDY_AWS_PROFILE": "base"],
            files: [".aws/config": "[profile base]\n\(Self.keys)"])
        try await works(
            "profile: used, profile films, role \(Self.role), expires 2",
            by: pod.merging(["AWS_PROFILE": "films"]) { $1 },
            files: [
                ".aws/config":
                    "[profile films]\nrole_arn = \(Self.role)\nsource_profile = base\n[profile base]\n\(Self.keys)"
            ])
        for path in ["TILDE/keys", "$HOME/keys", "${HOME}/keys"] {
            try await works(
                "profile: used, profile films; container: not asked",
                by: node.merging(["AWS_DEFAULT_PROFILE": "films", "AWS_SHARED_CREDENTIALS_FILE": path]) { $1 },
                files: ["keys": "[films]\n\(Self.keys)"])
            try await works(
                "profile: used, profile films; container: not asked",
                by: node.merging(["AWS_PROFILE": "films", "AWS_CONFIG_FILE": path]) { $1 },
                files: ["keys": "[profile films]\n\(Self.keys)"])
        }
        let program = "printf '{\"Version\":1,\"AccessKeyId\":\"AKIATEST\",\"SecretAccessKey\":\"%s\"}' \(Self.secret)"
        try await works(
            "profile: used, profile default, credential_process", by: [:],
            files: [".aws/config": "[default]\ncredential_process = \(program)\n"])
        try await works(
            "web identity: used, role \(Self.role), expires 2", by: node.merging(pod) { $1 },
            files: ["token": "the-token-of-a-pod\n"])
        try await works(
            "profile: used, profile pod, role \(Self.role)", by: ["AWS_PROFILE": "pod"],
            files: [
                ".aws/config": "[profile pod]\nrole_arn = \(Self.role)\nweb_identity_token_file = ~/token\n",
                "token": "the-token-of-a-pod",
            ])
        try await works(
            "profile: skipped, there is no profile default in", "container: used, http://127.0.0.1:",
            by: node.merging(agent) { $1 }, files: ["token": "let me in\n"])
        try await works(
            "container: skipped, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and", "instance metadata: used, role renderer",
            by: node)
    }

    @Test("a file that a variable names and that is not there is reported, whatever is used in its place")
    func missingFiles() async throws {
        for name in ["AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"] {
            let said = try await doctor(node.merging([name: "TILDE/gone"]) { $1 }, status: 0)
            #expect(said.contains("note  credentials: \(name): there is no file /tmp/us-home-"), "\(said)")
            #expect(said.contains("/gone); container: skipped"), "\(said)")
            let chosen = try await doctor(
                node.merging([name: "~/gone", "AWS_DEFAULT_PROFILE": "films"]) { $1 }, status: 1)
            #expect(
                chosen.contains("or correct AWS_DEFAULT_PROFILE (\(name): there is no file /tmp/us-home-"), "\(chosen)")
            #expect(!chosen.contains("UNDERSTUDY_STORE"))
        }
    }

    @Test(
        "doctor finds no fault with a store that only speaks like S3 and has no STS, and says what is wrong with others"
    )
    func otherStores() async throws {
        let store = try StandIn("s3")
        let keys = ["AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"]
        for quirks: JSONValue in [
            [:], ["checksums": "refuse"], ["etags": "none"], ["etags": "random", "meta": "refuse"],
        ] {
            try store.ask(["quirks": quirks])
            let said = try await doctor(keys.merging(["AWS_ENDPOINT_URL": store.url]) { $1 }, status: 0)
            #expect(said.contains("note  aws: \(store.url) has no STS that knows these credentials"), "\(said)")
            #expect(said.contains("ok    bucket: s3://films is there"))
        }
        try store.ask(["quirks": [:]])
        let apart = ["AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_S3": store.url]
        let said = try await doctor(keys.merging(apart) { $1 }, status: 0)
        #expect(said.contains("note  aws: not asked: the store is at \(store.url), not at AWS"), "\(said)")
        // An endpoint of STS that is configured has to know the credentials.
        let stranger = [
            "AWS_ENDPOINT_URL_S3": store.url, "AWS_ENDPOINT_URL_STS": aws.url, "AWS_ACCESS_KEY_ID": "stranger",
        ]
        let refused = try await doctor(keys.merging(stranger) { $1 }, status: 1)
        #expect(refused.contains("BAD   aws: "), "\(refused)")
        // Neither does another bucket help where there are no credentials, nor where there is no bucket.
        let none = try await doctor(["AWS_ENDPOINT_URL": store.url], status: 1)
        #expect(none.contains("BAD   store: no AWS credentials") && !none.contains("UNDERSTUDY_STORE"), "\(none)")
        let elsewhere = ["AWS_ENDPOINT_URL": store.url, "UNDERSTUDY_STORE": "s3://nowhere/x"]
        let lost = try await doctor(keys.merging(elsewhere) { $1 }, status: 1)
        #expect(
            lost.contains("BAD   store: ") && lost.contains("make the bucket, or correct UNDERSTUDY_STORE\n"), "\(lost)"
        )
    }

    @Test("a source that is configured and fails is reported, and the machine's role is never used in its place")
    func failures() async throws {
        func fails(_ words: String, by environment: [String: String], files: [String: String] = [:]) async throws {
            let said = try await doctor(node.merging(environment) { $1 }, files: files)
            let line = said.split(separator: "\n").first { $0.hasPrefix("BAD   credentials: ") } ?? ""
            #expect(line.contains(words) && line.contains("instance metadata: not asked"), "\(words): \(said)")
            #expect(said.contains("BAD   store: "))
        }
        try await fails("web identity: failed, AWS_WEB_IDENTITY_TOKEN_FILE: there is no file", by: pod)
        try await fails("InvalidIdentityToken", by: pod, files: ["token": "of-another-pod"])
        try await fails(
            "environment: failed, AWS_ACCESS_KEY_ID: character 4 is a line end",
            by: ["AWS_ACCESS_KEY_ID": "AKI\nA", "AWS_SECRET_ACCESS_KEY": Self.secret])
        try await fails(
            "profile: failed, the AWS profile default uses sso_session", by: [:],
            files: [".aws/config": "[default]\nsso_session = corp\n"])
        try await fails("container: failed, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: ", by: agent)
        try await fails("answered 401: InvalidToken", by: agent, files: ["token": "of-another-pod"])
        try await fails(
            "there is no AWS profile films", by: ["AWS_DEFAULT_PROFILE": "films"],
            files: [".aws/credentials": "[default]\n\(Self.keys)"])
        #expect(try metadata.ask(["count": true])["asked"]?.array?.contains("PUT /latest/api/token") == false)
    }

    @Test("an agent and a machine that are busy once give credentials all the same")
    func busy() async throws {
        for (place, environment) in [("GET /container", agent), ("PUT /latest", [:]), ("GET /latest", [:])] {
            for status in [503, 429] {
                try metadata.ask(["misbehave": ["match": .string(place), "status": .number(Double(status))]])
            }
            let said = try await doctor(node.merging(environment) { $1 }, files: ["token": "let me in"])
            #expect(said.contains("ok    store: s3://films/doctor is writable"), "\(said)")
        }
    }

    @Test("a film is made in a bucket by a web identity whose token and credentials are replaced on the way")
    func film() async throws {
        let folder = "/tmp/us-pod-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "the-token-of-a-pod".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
        try aws.ask([
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
            #expect(try await stack.job().state == .finished)
            try "the-next-token".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
            try aws.ask(["web_identity": ["the-next-token"], "expire_all": true])
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
        }
    }
}
