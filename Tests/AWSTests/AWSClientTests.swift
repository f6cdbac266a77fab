// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import HTTP
import JSON
import StandIns
import TestSupport
import Testing

@testable import AWS

@Suite(.timeLimit(.minutes(5))) struct AWSClientTests {
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

    private func callerAccount(_ client: AWSClient) async throws -> String? {
        let response = try await client.send(
            .form(.sts, action: "GetCallerIdentity", version: "2011-06-15", [], subject: "the caller"))
        return XMLElement(document: response.body)?["GetCallerIdentityResult"]?["Account"]?.text
    }

    @Test
    func `query, JSON and S3 requests are accepted by their services`() async throws {
        let client = AWSClient(account: account)
        #expect(try await callerAccount(client) == "123456789012")
        let body = try JSONCoding.encode(["logGroupName": "/pipeline/agent6"] as JSONValue)
        _ = try await client.send(
            .json(.logs, target: "Logs_20140328.CreateLogGroup", body: body, subject: "the group"))
        let duplicate = await #expect(throws: AWSError.self) {
            try await client.send(
                .json(.logs, target: "Logs_20140328.CreateLogGroup", body: body, subject: "the group"))
        }
        #expect(duplicate?.code == "ResourceAlreadyExistsException" && duplicate?.kind == .conflict)
        #expect(duplicate?.message.hasPrefix("the group: ResourceAlreadyExistsException: ") == true)
        let missing = await #expect(throws: AWSError.self) {
            try await client.send(
                .form(
                    .iam, action: "GetRole", version: "2010-05-08", [(name: "RoleName", value: "a b+é")],
                    subject: "the role"))
        }
        #expect(missing?.code == "NoSuchEntity" && missing?.kind == .notFound && missing?.service == .iam)
    }

    @Test
    func `errors about wrong and unknown keys name the variables and contain no secrets`() async throws {
        for more in [["AWS_SECRET_ACCESS_KEY": "wrong"], ["AWS_ACCESS_KEY_ID": "stranger"]] {
            let client = AWSClient(account: Self.account(aws, more))
            let error = await #expect(throws: AWSError.self) { try await callerAccount(client) }
            #expect(error?.kind == .unauthorized && error?.message.contains("AWS_ACCESS_KEY_ID") == true)
            #expect(error?.message.contains("wrong") == false)
        }
    }

    @Test
    func `transient failures are retried for at most three attempts, rejections are not`() async throws {
        let client = AWSClient(account: account)
        try aws.send(["misbehave": ["match": "POST /", "times": 2, "status": 503]])
        #expect(try await callerAccount(client) != nil)
        try aws.send(["misbehave": ["match": "POST /", "times": 3, "status": 500]])
        let failed = await #expect(throws: AWSError.self) { try await callerAccount(client) }
        #expect(failed?.kind == .unavailable && failed?.retryable == true)
        try aws.send(["misbehave": ["match": "POST /", "reset": true]])
        #expect(try await callerAccount(client) != nil)
        let requestCount = try aws.send(["seen": "POST /"])["count"]?.double ?? 0
        try aws.send(["misbehave": ["match": "POST /", "json": "AccessDenied", "status": 403]])
        let denied = await #expect(throws: AWSError.self) { try await callerAccount(client) }
        #expect(denied?.code == "AccessDenied" && denied?.kind == .unauthorized)
        #expect(try aws.send(["seen": "POST /"])["count"]?.double == requestCount + 1)
    }

    @Test
    func `a request that is not idempotent is not retried after its response was lost`() async throws {
        let client = AWSClient(account: account)
        var request = AWSRequest.form(
            .sts, action: "GetCallerIdentity", version: "2011-06-15", [], subject: "the caller")
        request.isIdempotent = false
        try aws.send(["misbehave": ["match": "POST /", "reset": true]])
        let ready = request
        let lost = await #expect(throws: AWSError.self) { try await client.send(ready) }
        #expect(lost?.mayHaveBeenExecuted == true)
        #expect(try aws.send(["seen": "POST /"])["count"] == 1)
        try aws.send(["misbehave": ["match": "POST /", "status": 503]])
        _ = try await client.send(ready)
    }

    @Test
    func `the retry budget runs empty and is replenished by successes`() async throws {
        let budget = RetryBudget()
        let granted = (0..<200).count { _ in budget.acquire() }
        #expect(granted == 100)
        for _ in 0..<5 { budget.replenish() }
        #expect(budget.acquire() && !budget.acquire())
    }

    @Test
    func `a clock skew of 20 minutes is corrected from the server's time, for every service`() async throws {
        for offset in [1200.0, -1200] {
            try aws.send(["clock": .number(offset)])
            let client = AWSClient(account: account)
            #expect(try await callerAccount(client) != nil)
            let seen = try aws.send(["seen": "POST /"])["count"]?.double
            #expect(try await callerAccount(client) != nil)
            #expect(try aws.send(["seen": "POST /"])["count"]?.double == (seen ?? 0) + 1)
            let s3 = S3Client(account: account)
            #expect(try await s3.info(try S3Location(bucket: "films", key: "none")) == nil)
            try await s3.upload(.bytes(Data("x".utf8)), to: try S3Location(bucket: "films", key: "in-time"))
            #expect(try await s3.info(try S3Location(bucket: "films", key: "in-time"))?.size == 1)
        }
    }

    @Test
    func `credentials that expire while in use are looked up again`() async throws {
        let folder = TemporaryPath.new("keys")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/credentials"
        func write(_ id: String) throws {
            try "[default]\naws_access_key_id=\(id)\naws_secret_access_key=s\n".write(
                toFile: path, atomically: true, encoding: .utf8)
        }
        try aws.send(["keys": ["old": "s", "new": "s"]])
        try write("old")
        let account = AWSAccount(environment: [
            "AWS_SHARED_CREDENTIALS_FILE": path, "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1",
        ])
        let client = AWSClient(account: account)
        #expect(try await callerAccount(client) != nil)
        try aws.send(["expire": "old"])
        let expired = await #expect(throws: AWSError.self) { try await callerAccount(client) }
        #expect(expired?.code == "ExpiredToken" && expired?.message.contains("sign in") == true)
        try write("new")
        #expect(try await callerAccount(client) != nil)
        // A response to HEAD has no body with an error code.
        try write("old")
        let s3 = S3Client(
            account: AWSAccount(environment: [
                "AWS_SHARED_CREDENTIALS_FILE": path, "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1",
            ]))
        let bodiless = await #expect(throws: AWSError.self) {
            try await s3.info(try S3Location(bucket: "films", key: "x"))
        }
        #expect(bodiless?.code == "ExpiredToken")
    }

    @Test
    func `the error for an endpoint that returns a web page names the endpoint`() async throws {
        try aws.send([
            "misbehave": [
                "match": "POST /", "status": 404, "body": "<html>no such page</html>",
                "headers": ["Content-Type": "text/html"],
            ]
        ])
        let error = await #expect(throws: AWSError.self) { try await callerAccount(AWSClient(account: account)) }
        #expect(error?.message.contains("a web page; check the endpoint") == true)
    }
}
