import Faults
import Foundation
import HTTP
import JSON
import StandIns
import Testing

@testable import AWS

@Suite struct AWSClientTests {
    private let aws: StandIn
    private let account: AWSAccount

    init() throws {
        aws = try StandIn("aws")
        account = Self.account(aws)
    }

    private static func account(
        _ aws: StandIn, _ more: [String: String] = [:], readFile: @escaping @Sendable (String) -> String? = { _ in nil }
    ) -> AWSAccount {
        let environment = [
            "AWS_ENDPOINT_URL": aws.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1", "HOME": "/home/ann", "AWS_EC2_METADATA_DISABLED": "true",
        ]
        return AWSAccount(environment: environment.merging(more) { $1 }, readFile: readFile)
    }

    private func who(_ client: AWSClient) async throws -> String? {
        let response = try await client.send(
            .form(.sts, action: "GetCallerIdentity", version: "2011-06-15", [], subject: "the caller"))
        return XMLElement(document: response.body)?["GetCallerIdentityResult"]?["Account"]?.text
    }

    @Test("a form, a JSON call and an object are signed as each service wants it")
    func protocols() async throws {
        let client = AWSClient(account: account)
        #expect(try await who(client) == "123456789012")
        let body = try JSONCoding.encode(["logGroupName": "/pipeline/agent6"] as JSONValue)
        _ = try await client.send(
            .json(.logs, target: "Logs_20140328.CreateLogGroup", body: body, subject: "the group"))
        let again = await #expect(throws: AWSError.self) {
            try await client.send(
                .json(.logs, target: "Logs_20140328.CreateLogGroup", body: body, subject: "the group"))
        }
        #expect(again?.code == "ResourceAlreadyExistsException" && again?.kind == .conflict)
        #expect(again?.message.hasPrefix("the group: ResourceAlreadyExistsException: ") == true)
        let gone = await #expect(throws: AWSError.self) {
            try await client.send(
                .form(
                    .iam, action: "GetRole", version: "2010-05-08", [(name: "RoleName", value: "a b+é")],
                    subject: "the role"))
        }
        #expect(gone?.code == "NoSuchEntity" && gone?.kind == .notFound && gone?.service == .iam)
    }

    @Test("wrong and unknown keys are told with AWS's words and what to do")
    func keys() async throws {
        for more in [["AWS_SECRET_ACCESS_KEY": "wrong"], ["AWS_ACCESS_KEY_ID": "stranger"]] {
            let client = AWSClient(account: Self.account(aws, more))
            let error = await #expect(throws: AWSError.self) { try await who(client) }
            #expect(error?.kind == .unauthorized && error?.message.contains("AWS_ACCESS_KEY_ID") == true)
            #expect(error?.message.contains("wrong") == false)
        }
    }

    @Test("what fails for a moment is tried again, three times in all, and a refusal is not")
    func retries() async throws {
        let client = AWSClient(account: account)
        try aws.ask(["misbehave": ["match": "POST /", "times": 2, "status": 503]])
        #expect(try await who(client) != nil)
        try aws.ask(["misbehave": ["match": "POST /", "times": 3, "status": 500]])
        let failed = await #expect(throws: AWSError.self) { try await who(client) }
        #expect(failed?.kind == .unavailable && failed?.retryable == true)
        try aws.ask(["misbehave": ["match": "POST /", "reset": true]])
        #expect(try await who(client) != nil)
        let before = try aws.ask(["seen": "POST /"])["count"]?.double ?? 0
        try aws.ask(["misbehave": ["match": "POST /", "json": "AccessDenied", "status": 403]])
        let denied = await #expect(throws: AWSError.self) { try await who(client) }
        #expect(denied?.code == "AccessDenied" && denied?.kind == .unauthorized)
        #expect(try aws.ask(["seen": "POST /"])["count"]?.double == before + 1)
    }

    @Test("a request that must not be made twice is not, when its answer was lost")
    func once() async throws {
        let client = AWSClient(account: account)
        var request = AWSRequest.form(
            .sts, action: "GetCallerIdentity", version: "2011-06-15", [], subject: "the caller")
        request.isIdempotent = false
        try aws.ask(["misbehave": ["match": "POST /", "reset": true]])
        let ready = request
        let lost = await #expect(throws: AWSError.self) { try await client.send(ready) }
        #expect(lost?.mayHaveHappened == true)
        #expect(try aws.ask(["seen": "POST /"])["count"] == 1)
        try aws.ask(["misbehave": ["match": "POST /", "status": 503]])
        _ = try await client.send(ready)
    }

    @Test("a budget bounds what retries add when everything fails")
    func budget() async throws {
        let budget = RetryBudget()
        var paid = 0
        while budget.spend() { paid += 1 }
        #expect(paid == 100)
        for _ in 0..<5 { budget.refund() }
        #expect(budget.spend() && !budget.spend())
    }

    @Test("a clock that is 20 minutes off is corrected by AWS's, for every service")
    func clock() async throws {
        for offset in [1200.0, -1200] {
            try aws.ask(["clock": .number(offset)])
            let client = AWSClient(account: account)
            #expect(try await who(client) != nil)
            let seen = try aws.ask(["seen": "POST /"])["count"]?.double
            #expect(try await who(client) != nil)
            #expect(try aws.ask(["seen": "POST /"])["count"]?.double == (seen ?? 0) + 1)
            let s3 = S3Client(account: account)
            #expect(try await s3.info(try S3Location(bucket: "films", key: "none")) == nil)
            try await s3.upload(.bytes(Data("x".utf8)), to: try S3Location(bucket: "films", key: "timely"))
            #expect(try await s3.info(try S3Location(bucket: "films", key: "timely"))?.size == 1)
        }
    }

    @Test("keys that expire in mid-job are looked up again")
    func expired() async throws {
        let folder = "/tmp/us-keys-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/credentials"
        func write(_ id: String) throws {
            try "[default]\naws_access_key_id=\(id)\naws_secret_access_key=s\n".write(
                toFile: path, atomically: true, encoding: .utf8)
        }
        try aws.ask(["keys": ["old": "s", "new": "s"]])
        try write("old")
        let account = AWSAccount(environment: [
            "AWS_SHARED_CREDENTIALS_FILE": path, "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1",
        ])
        let client = AWSClient(account: account)
        #expect(try await who(client) != nil)
        try aws.ask(["expire": "old"])
        let refused = await #expect(throws: AWSError.self) { try await who(client) }
        #expect(refused?.code == "ExpiredToken" && refused?.message.contains("sign in") == true)
        try write("new")
        #expect(try await who(client) != nil)
        // HEAD has no body to say so with.
        try write("old")
        let s3 = S3Client(
            account: AWSAccount(environment: [
                "AWS_SHARED_CREDENTIALS_FILE": path, "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1",
            ]))
        let unsaid = await #expect(throws: AWSError.self) {
            try await s3.info(try S3Location(bucket: "films", key: "x"))
        }
        #expect(unsaid?.code == "ExpiredToken")
    }

    @Test("an endpoint that answers another service's words is told as what it is")
    func another() async throws {
        try aws.ask([
            "misbehave": [
                "match": "POST /", "status": 404, "body": "<html>no such page</html>",
                "headers": ["Content-Type": "text/html"],
            ]
        ])
        let error = await #expect(throws: AWSError.self) { try await who(AWSClient(account: account)) }
        #expect(error?.message.contains("a web page: is the endpoint right?") == true)
    }
}
