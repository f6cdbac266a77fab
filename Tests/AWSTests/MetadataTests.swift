// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON
import StandIns
import TestSupport
import Testing

@testable import AWS

/// Container agents and instance metadata services that are busy, slow or broken.
@Suite(.timeLimit(.minutes(5))) struct MetadataTests {
    private let metadata: StandIn

    init() throws {
        metadata = try StandIn("metadata")
    }

    private func account(
        _ more: [String: String] = [:],
        readFile: @escaping @Sendable (String) throws(AWSError) -> String? = { _ in nil }
    ) -> AWSAccount {
        let environment = ["HOME": "/home/ann", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"]
        return AWSAccount(environment: environment.merging(more) { $1 }, readFile: readFile)
    }

    private var container: AWSAccount {
        account([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let me in\n",
        ])
    }

    private var instance: AWSAccount {
        account(["AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url, "AWS_EC2_METADATA_DISABLED": "false"])
    }

    private func misbehave(_ match: String, _ behavior: [String: JSONValue], times: Double = 1) throws {
        let fault = behavior.merging(["match": .string(match), "times": .number(times)]) { $1 }
        try metadata.send(["misbehave": .object(fault)])
    }

    /// The number of requests with a request line.
    private func requestCount(_ line: String) throws -> Int {
        (try metadata.send(["count": true])["asked"]?.array ?? []).count { $0.string == line }
    }

    @Test
    func `one 503, 429, 500, broken connection or timeout is retried, for agent and metadata service`() async throws {
        for fault: [String: JSONValue] in [["status": 503], ["status": 429], ["status": 500], ["reset": true]] {
            for request in ["GET /container", "PUT /latest", "GET /latest/meta-data/iam/security-credentials/renderer"]
            {
                try misbehave(request, fault)
                let found = try await (request == "GET /container" ? container : instance).credentials()
                #expect(found.accessKeyID == "M1", "\(request) \(fault)")
            }
        }
        try misbehave("GET /container", ["delay": 3])
        #expect(try await container.credentials().accessKeyID == "M1")
    }

    @Test
    func `a persistent failure is tried three times and is a retryable error, not a missing source`() async throws {
        try misbehave("GET /container", ["status": 503], times: 99)
        let agent = await #expect(throws: AWSError.self) { try await container.credentials() }
        #expect(agent?.retryable == true && agent?.message.contains("/container answered 503") == true)
        #expect(try requestCount("GET /container") == 3)
        try misbehave("PUT /latest", ["status": 500], times: 99)
        let error = await #expect(throws: AWSError.self) { try await instance.credentials() }
        #expect(error?.retryable == true && error?.message.contains("answered 500") == true)
        #expect(try requestCount("PUT /latest/api/token") == 3)
    }

    @Test
    func `a rejection is not retried, and its reason is in the message`() async throws {
        let stranger = account([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "stranger",
        ])
        let error = await #expect(throws: AWSError.self) { try await stranger.credentials() }
        #expect(error?.retryable == false)
        #expect(error?.message.contains("answered 401: InvalidToken: the token is not that of a pod") == true)
        #expect(try requestCount("GET /container") == 1)
        try misbehave(
            "GET /latest/meta-data/iam/security-credentials/renderer",
            ["status": 200, "body": "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot assume it\"}"])
        let role = await #expect(throws: AWSError.self) { try await instance.credentials() }
        #expect(role?.message.contains("AssumeRoleUnauthorizedAccess: EC2 cannot assume it") == true)
    }

    @Test
    func `the error for a response that is neither token nor list of roles does not contain it`() async throws {
        let pages = [
            "<html>portal</html>", "<html>\n<body>portal</body>\n</html>", "portal of a hotel", "{\"portal\": true}",
            "../portal", String(repeating: "portal", count: 100), "p\u{F6}rtal\u{1B}[2J portal",
        ]
        for (request, reason) in [
            ("GET /latest/meta-data/iam/security-credentials/", "is not a list of roles"),
            ("PUT /latest", "is not a session token"),
        ] {
            for page in pages where request.hasPrefix("GET") || !["../portal", pages[5]].contains(page) {
                try metadata.send(["heal": true])
                try misbehave(request, ["status": 200, "body": .string(page)])
                let error = await #expect(throws: AWSError.self) { try await instance.credentials() }
                #expect(error?.kind == .unauthorized && error?.message.contains("portal") == false)
                #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
            }
        }
        try misbehave(
            "GET /latest/meta-data/iam/security-credentials/", ["status": 200, "body": " renderer \r\nother\r\n"])
        #expect(try await instance.credentialSource() == "the instance role renderer")
    }

    @Test
    func `a request retries a failed credential search`() async throws {
        let aws = try StandIn("aws")
        try aws.send(["keys": ["M1": "M2"]])
        try misbehave("GET /container", ["status": 503], times: 4)
        let account = account([
            "AWS_ENDPOINT_URL": aws.url, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let me in",
        ])
        #expect(try await CallerIdentity.fetch(account).account == "123456789012")
        #expect(try requestCount("GET /container") == 5)
    }

    @Test
    func `expiring credentials are used until they expire if refreshing fails`() async throws {
        try metadata.send(["expires_in": 200])
        let account = container
        #expect(try await account.credentials().accessKeyID == "M1")
        try misbehave("GET /container", ["status": 500], times: 99)
        for _ in 0..<5 { #expect(try await account.credentials().accessKeyID == "M1") }
        // One refresh of three attempts has failed; the next one is delayed.
        #expect(try requestCount("GET /container") == 4)
    }

    @Test
    func `a cancelled caller returns at once, and the next caller gets the credentials`() async throws {
        try misbehave("GET /container", ["status": 503, "delay": 1], times: 1)
        let account = container
        let waiting = Task { try await account.credentials() }
        try await until("the credentials are requested") { try requestCount("GET /container") > 0 }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(try await account.credentials().accessKeyID == "M1")
    }

    @Test
    func `plain http is allowed to loopback and to the agents' link-local addresses only`() {
        for url in [
            "http://127.0.0.1/x", "http://127.8.9.1:80/x", "http://localhost:1/", "http://[::1]:9",
            "http://169.254.170.2",
            "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1", "http://[FD00:0EC2:0:0::0023]:80/v1",
        ] {
            #expect(ContainerCredentials.host(url).map(ContainerCredentials.isAllowedHost) == true, "\(url)")
        }
        for url in [
            "http://169.254.169.254/", "http://127.0.0.1:80@evil.example/", "http://127.0.0.1.evil.example/",
            "http://evil.example/#127.0.0.1", "http://[fd00:ec2::24]/", "http://localhost:x/", "http:///x",
            "ftp://localhost",
            "http://evil.example\\@127.0.0.1/",
        ] {
            #expect(ContainerCredentials.host(url).map(ContainerCredentials.isAllowedHost) != true, "\(url)")
        }
    }

    @Test
    func `the agent's token file is read for each request, and an invalid token is an error that names it`()
        async throws
    {
        let folder = TemporaryPath.new("token")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/token"
        try metadata.send(["expires_in": 200])
        let account = AWSAccount(environment: [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path, "AWS_EC2_METADATA_DISABLED": "true", "HOME": folder,
        ])
        try "let me in\r\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try await account.credentials().accessKeyID == "M1")
        try metadata.send(["container_token": "the next one", "keys": ["N1", "N2", "N3"]])
        try "the next one".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try await account.credentials().accessKeyID == "N1")
        for (text, reason) in [("let me\nin", "character 7 is a line end"), ("\n", "is empty")] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let other = AWSAccount(environment: [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path, "AWS_EC2_METADATA_DISABLED": "true", "HOME": folder,
            ])
            let error = await #expect(throws: AWSError.self) { try await other.credentials() }
            #expect(error?.message.contains("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: \(path)") == true)
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
    }
}
