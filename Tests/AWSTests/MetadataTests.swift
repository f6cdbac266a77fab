import Faults
import Foundation
import JSON
import StandIns
import Testing

@testable import AWS

/// Agents of containers and metadata of machines that are busy, slow or broken.
@Suite struct MetadataTests {
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

    private var machine: AWSAccount {
        account(["AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url, "AWS_EC2_METADATA_DISABLED": "false"])
    }

    private func misbehave(_ match: String, _ what: [String: JSONValue], times: Double = 1) throws {
        let fault = what.merging(["match": .string(match), "times": .number(times)]) { $1 }
        try metadata.ask(["misbehave": .object(fault)])
    }

    private func asked(_ line: String) throws -> Int {
        (try metadata.ask(["count": true])["asked"]?.array ?? []).count { $0.string == line }
    }

    @Test("an agent and a machine that answer 503, 429 or 500, break off or are late once are asked again")
    func again() async throws {
        for fault: [String: JSONValue] in [["status": 503], ["status": 429], ["status": 500], ["reset": true]] {
            for place in ["GET /container", "PUT /latest", "GET /latest/meta-data/iam/security-credentials/renderer"] {
                try misbehave(place, fault)
                let found = try await (place == "GET /container" ? container : machine).credentials()
                #expect(found.accessKeyID == "M1", "\(place) \(fault)")
            }
        }
        try misbehave("GET /container", ["delay": 3])
        #expect(try await container.credentials().accessKeyID == "M1")
    }

    @Test("what stays broken is asked three times, is an error worth a retry, and does not count as absent")
    func broken() async throws {
        try misbehave("GET /container", ["status": 503], times: 99)
        let agent = await #expect(throws: AWSError.self) { try await container.credentials() }
        #expect(agent?.retryable == true && agent?.message.contains("/container answered 503") == true)
        #expect(try asked("GET /container") == 3)
        try misbehave("PUT /latest", ["status": 500], times: 99)
        let error = await #expect(throws: AWSError.self) { try await machine.credentials() }
        #expect(error?.retryable == true && error?.message.contains("answered 500") == true)
        #expect(try asked("PUT /latest/api/token") == 3)
    }

    @Test("a refusal is final, and its reason is in the message")
    func refused() async throws {
        let stranger = account([
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "stranger",
        ])
        let error = await #expect(throws: AWSError.self) { try await stranger.credentials() }
        #expect(error?.retryable == false)
        #expect(error?.message.contains("answered 401: InvalidToken: the token is not that of a pod") == true)
        #expect(try asked("GET /container") == 1)
        try misbehave(
            "GET /latest/meta-data/iam/security-credentials/renderer",
            ["status": 200, "body": "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot assume it\"}"])
        let role = await #expect(throws: AWSError.self) { try await machine.credentials() }
        #expect(role?.message.contains("AssumeRoleUnauthorizedAccess: EC2 cannot assume it") == true)
    }

    @Test("an answer that is no token and no list of roles is an error that holds nothing of it")
    func foreign() async throws {
        let pages = [
            "<html>portal</html>", "<html>\n<body>portal</body>\n</html>", "portal of a hotel", "{\"portal\": true}",
            "../portal", String(repeating: "portal", count: 100), "p\u{F6}rtal\u{1B}[2J portal",
        ]
        for (place, words) in [
            ("GET /latest/meta-data/iam/security-credentials/", "is not a list of roles"),
            ("PUT /latest", "is not a session token"),
        ] {
            for page in pages where place.hasPrefix("GET") || !["../portal", pages[5]].contains(page) {
                try metadata.ask(["heal": true])
                try misbehave(place, ["status": 200, "body": .string(page)])
                let error = await #expect(throws: AWSError.self) { try await machine.credentials() }
                #expect(error?.kind == .unauthorized && error?.message.contains("portal") == false)
                #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            }
        }
        try misbehave(
            "GET /latest/meta-data/iam/security-credentials/", ["status": 200, "body": " renderer \r\nother\r\n"])
        #expect(try await machine.source() == "the machine's role renderer")
    }

    @Test("a request waits for an agent that fails longer than one search lasts")
    func request() async throws {
        let aws = try StandIn("aws")
        try aws.ask(["keys": ["M1": "M2"]])
        try misbehave("GET /container", ["status": 503], times: 4)
        let account = account([
            "AWS_ENDPOINT_URL": aws.url, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let me in",
        ])
        #expect(try await CallerIdentity.ask(account).account == "123456789012")
        #expect(try asked("GET /container") == 5)
    }

    @Test("credentials that soon end are used to their end while new ones cannot be had")
    func lasting() async throws {
        try metadata.ask(["expires_in": 200])
        let account = container
        #expect(try await account.credentials().accessKeyID == "M1")
        try misbehave("GET /container", ["status": 500], times: 99)
        for _ in 0..<5 { #expect(try await account.credentials().accessKeyID == "M1") }
        // One refresh was tried, three times; the next one waits.
        #expect(try asked("GET /container") == 4)
    }

    @Test("who gives up while an agent is silent is let go, and the next caller gets the credentials")
    func cancelled() async throws {
        try misbehave("GET /container", ["status": 503, "delay": 1], times: 1)
        let account = container
        let waiting = Task { try await account.credentials() }
        while try asked("GET /container") == 0 { try await Task.sleep(for: .milliseconds(5)) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(try await account.credentials().accessKeyID == "M1")
    }

    @Test("the agent is this machine, 169.254.170.2, 169.254.170.23, fd00:ec2::23, or speaks https")
    func hosts() {
        for near in [
            "http://127.0.0.1/x", "http://127.8.9.1:80/x", "http://localhost:1/", "http://[::1]:9",
            "http://169.254.170.2",
            "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1", "http://[FD00:0EC2:0:0::0023]:80/v1",
        ] {
            #expect(ContainerCredentials.host(near).map(ContainerCredentials.isNear) == true, "\(near)")
        }
        for far in [
            "http://169.254.169.254/", "http://127.0.0.1:80@evil.example/", "http://127.0.0.1.evil.example/",
            "http://evil.example/#127.0.0.1", "http://[fd00:ec2::24]/", "http://localhost:x/", "http:///x",
            "ftp://localhost",
            "http://evil.example\\@127.0.0.1/",
        ] {
            #expect(ContainerCredentials.host(far).map(ContainerCredentials.isNear) != true, "\(far)")
        }
    }

    @Test("the token that an agent wants is read for each request; one of two lines is refused by its file's name")
    func tokenFile() async throws {
        let folder = "/tmp/us-token-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/token"
        try metadata.ask(["expires_in": 200])
        let account = AWSAccount(environment: [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path, "AWS_EC2_METADATA_DISABLED": "true", "HOME": folder,
        ])
        try "let me in\r\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try await account.credentials().accessKeyID == "M1")
        try metadata.ask(["container_token": "the next one", "keys": ["N1", "N2", "N3"]])
        try "the next one".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try await account.credentials().accessKeyID == "N1")
        for (text, words) in [("let me\nin", "character 7 is a line end"), ("\n", "is empty")] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let other = AWSAccount(environment: [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(metadata.url)/container",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path, "AWS_EC2_METADATA_DISABLED": "true", "HOME": folder,
            ])
            let error = await #expect(throws: AWSError.self) { try await other.credentials() }
            #expect(error?.message.contains("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: \(path)") == true)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
    }
}
