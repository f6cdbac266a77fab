// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON
import StandIns
import TestSupport
import Testing

@testable import AWS

/// Objects in moto, compared with what boto3 reads and writes.
@Suite(.timeLimit(.minutes(5))) struct S3ObjectTests {
    private static let part = 5 * 1024 * 1024

    private let aws: StandIn
    private let client: S3Client
    private let folder = TemporaryPath.new("s3o")

    init() throws {
        aws = try StandIn("aws")
        client = Self.client(aws)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private static func client(_ aws: StandIn, _ more: [String: String] = [:]) -> S3Client {
        let environment = [
            "AWS_ENDPOINT_URL": aws.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1",
        ]
        return S3Client(account: AWSAccount(environment: environment.merging(more) { $1 }), partSize: part)
    }

    /// Creates a file of pseudorandom bytes.
    private func file(_ count: Int) throws -> String {
        var state: UInt64 = 88_172_645_463_325_252
        var bytes = [UInt64](repeating: 0, count: (count + 7) / 8)
        for index in bytes.indices {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            bytes[index] = state
        }
        let path = "\(folder)/\(count)"
        try bytes.withUnsafeBytes { Data($0.prefix(count)) }.write(to: URL(filePath: path))
        return path
    }

    private func object(_ key: String) throws -> S3Location { try S3Location(bucket: "films", key: key) }

    private func unfinishedUploads() throws -> Int {
        let answer = try aws.send(["service": "s3", "call": "list_multipart_uploads", "args": ["Bucket": "films"]])
        return answer["Uploads"]?.array?.count ?? 0
    }

    @Test
    func `a large file is uploaded and downloaded in parts`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = try file(2 * Self.part + 5_000_001)
        let target = try object("big ü+film.mp4")
        let eTag = try await client.upload(.file(path), to: target, mediaType: "video/mp4").eTag
        #expect(eTag.contains("-3"))
        #expect(try aws.send(["seen": "PUT .*partNumber="])["count"] == 3)
        #expect(try unfinishedUploads() == 0)
        let info = try #require(try await client.info(target))
        #expect(info.size == 2 * Self.part + 5_000_001 && info.mediaType == "video/mp4" && info.eTag == eTag)
        let copy = "\(folder)/copy"
        _ = try await client.download(target, to: copy)
        #expect(FileManager.default.contentsEqual(atPath: path, andPath: copy))
        #expect(try await client.read(target, range: 7..<17).count == 10)
        #expect(
            try await client.read(target, range: 7..<17)
                == Data(contentsOf: URL(filePath: path)).subdata(in: 7..<17))
    }

    @Test
    func `corruption during a download is detected, in one piece and in parts`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for size in [1000, 2 * Self.part + 1] {
            let target = try object("odd \(size)")
            try await client.upload(.file(try file(size)), to: target)
            try aws.send(["misbehave": ["match": "GET /films/odd", "times": 1, "corrupt": true]])
            let error = await #expect(throws: AWSError.self) {
                try await client.download(target, to: "\(folder)/copy")
            }
            #expect(error?.kind == .corruptMedia)
        }
        let small = try object("small")
        try await client.upload(.bytes(Data("words".utf8)), to: small)
        try aws.send(["misbehave": ["match": "GET /films/small", "corrupt": true]])
        await #expect(throws: AWSError.self) { try await client.read(small, maximum: 100) }
        #expect(try await client.read(small, maximum: 100) == Data("words".utf8))
    }

    @Test
    func `a failed part and a cancelled task abort the upload`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = try file(2 * Self.part + 1)
        try aws.send(["misbehave": ["match": "PUT .*partNumber=2", "times": 2, "json": "AccessDenied", "status": 403]])
        let denied = await #expect(throws: AWSError.self) {
            try await client.upload(.file(path), to: try object("denied"))
        }
        #expect(denied?.code == "AccessDenied" && denied?.kind == .unauthorized)
        #expect(try unfinishedUploads() == 0)
        try aws.send(["misbehave": ["match": "PUT .*slow.*partNumber=1", "delay": 20]])
        let upload = Task { [client] in
            try await client.upload(.file(path), to: try S3Location(bucket: "films", key: "slow"))
        }
        try await until("the first part is sent") {
            try aws.send(["seen": "PUT .*slow.*partNumber=1"])["count"] != 0
        }
        upload.cancel()
        await #expect(throws: (any Error).self) { try await upload.value }
        #expect(try unfinishedUploads() == 0)
        #expect(try await client.info(try object("slow")) == nil)
    }

    @Test
    func `old unfinished uploads below a prefix are aborted, recent ones are not`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try aws.send([
            "service": "s3", "call": "create_multipart_upload", "args": ["Bucket": "films", "Key": "x/left behind"],
        ])
        try await client.abortUploads(below: try object("x/"), startedBefore: 0)
        #expect(try unfinishedUploads() == 1)
        try await client.abortUploads(below: try object("y/"), startedBefore: 4e9)
        #expect(try unfinishedUploads() == 1)
        try await client.abortUploads(below: try object("x/"), startedBefore: 4e9)
        #expect(try unfinishedUploads() == 0)
    }

    @Test
    func `an error in a response with the status 200 fails the completion`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try aws.send([
            "misbehave": [
                "match": "POST .*uploadId=", "times": 9, "status": 200,
                "body": "<Error><Code>InternalError</Code><Message>We encountered an internal error</Message></Error>",
            ]
        ])
        let error = await #expect(throws: AWSError.self) {
            try await client.upload(.file(try file(2 * Self.part + 1)), to: try object("hidden"))
        }
        #expect(error?.code == "InternalError")
    }

    @Test
    func `the KMS key and the storage class are applied to every upload and copy`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let client = Self.client(
            aws, ["UNDERSTUDY_S3_KMS_KEY": "alias/films", "UNDERSTUDY_S3_STORAGE_CLASS": "STANDARD_IA"])
        try await client.upload(.bytes(Data("x".utf8)), to: try object("small"))
        try await client.upload(.file(try file(2 * Self.part + 1)), to: try object("large"))
        try await client.copy(try object("small"), to: try object("copied"))
        for key in ["small", "large", "copied"] {
            let seen = try aws.send([
                "service": "s3", "call": "head_object", "args": ["Bucket": "films", "Key": .string(key)],
            ])
            #expect(seen["SSEKMSKeyId"]?.string?.hasSuffix("alias/films") == true, "\(key)")
            #expect(seen["StorageClass"] == "STANDARD_IA", "\(key)")
        }
    }

    @Test
    func `virtual-hosted addressing puts the bucket into the host name`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let url = aws.url.replacingOccurrences(of: "127.0.0.1", with: "localhost")
        let client = Self.client(aws, ["AWS_ENDPOINT_URL": url, "UNDERSTUDY_S3_ADDRESSING": "virtual"])
        try await client.upload(.bytes(Data("x".utf8)), to: try object("a/b c"))
        #expect(try aws.send(["seen": "^PUT /a/b%20c$"])["count"] == 1)
        #expect(try await self.client.info(try object("a/b c"))?.size == 1)
    }

    @Test
    func `errors for a wrong region, a missing bucket and a denied key say what to do; SlowDown is retried`()
        async throws
    {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try aws.send([
            "misbehave": [
                "match": "/films/moved", "times": 2, "status": 301, "headers": ["x-amz-bucket-region": "eu-west-1"],
            ]
        ])
        let moved = await #expect(throws: AWSError.self) { try await client.info(try object("moved")) }
        #expect(moved?.message.contains("set AWS_REGION=eu-west-1") == true)
        let missing = await #expect(throws: AWSError.self) {
            try await client.upload(.bytes(Data()), to: try S3Location(bucket: "no-such-bucket", key: "x"))
        }
        #expect(missing?.code == "NoSuchBucket" && missing?.message.contains("UNDERSTUDY_STORE") == true)
        try aws.send(["misbehave": ["match": "/films/secret", "json": "AccessDenied", "status": 403, "times": 9]])
        let denied = await #expect(throws: AWSError.self) { try await client.info(try object("secret")) }
        #expect(denied?.code == "AccessDenied" && denied?.message.hasPrefix("s3://films/secret: ") == true)
        try aws.send(["misbehave": ["match": "/films/slow", "json": "SlowDown", "status": 503, "times": 2]])
        try await client.upload(.bytes(Data("x".utf8)), to: try object("slow"))
    }
}
