// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON
import StandIns
import Testing

@testable import AWS

/// Stores that reject or ignore S3's checksums.
@Suite(.timeLimit(.minutes(5))) struct ChecksumQuirkTests {
    private static let large = 2 * S3TestStore.part + 1000

    @Test(
        arguments: [
            [400, "InvalidArgument", "Unsupported header 'x-amz-checksum-sha256' received for this API call."],
            [501, "NotImplemented", "A header you provided implies functionality that is not implemented"],
            [400, "InvalidRequest", ""], [403, "SignatureDoesNotMatch", "The signature does not match"],
            [415, "Oops", "what?"], [403, "AccessDenied", "this header is not allowed"],
            [422, "UnknownHeader", "x-amz-sdk-checksum-algorithm"], [403, "AccessDenied", "Access Denied"],
            [403, "", ""], [500, "InternalError", "x"], [400, "BadDigest", "The SHA256 you specified did not match"],
        ] as [JSONValue])
    func `a store that rejects checksums, with any error, is detected once and used without them`(
        _ rejection: JSONValue
    ) async throws {
        let testStore = try S3TestStore(
            "s3", ["AWS_MAX_ATTEMPTS": "1"], quirks: ["checksums": "refuse", "refusal": rejection])
        for key in ["first", "second"] {
            #expect(try await testStore.roundTrip(1000, as: key))
            #expect(try await testStore.client.read(try testStore.object(key), maximum: 1000).count == 1000)
        }
        // Other clients in the process share the result.
        #expect(try await testStore.client([:]).info(try testStore.object("first"))?.size == 1000)
        #expect(try testStore.seen("^PUT /films/first").count == 2)
        #expect(try testStore.seen("^PUT /films/second").count == 1)
        // Only the first request of each kind has checksum headers.
        #expect(try testStore.seen("x-amz-checksum-(sha256|mode)").count <= 3)
        #expect(try testStore.seen("second.*x-amz-(checksum|sdk)").isEmpty)
        try testStore.store.send(["flip": "second"])
        let error = await #expect(throws: AWSError.self) {
            try await testStore.client.download(try testStore.object("second"), to: "\(testStore.folder)/flipped")
        }
        #expect(error?.kind == .corruptMedia)
        await #expect(throws: AWSError.self) {
            try await testStore.client.read(try testStore.object("second"), maximum: 1000)
        }
    }

    @Test(
        arguments: [
            ["checksums": "refuse"], ["checksums": "ignore"], ["checksums": "refuse-parts"],
            ["checksums": "refuse", "refusal": [403, "AccessDenied", "Access Denied"]],
            ["checksums": "refuse", "refusal": [500, "InternalError", "x"]],
            ["checksums": "refuse-parts", "refusal": [400, "BadDigest", "x"]],
        ] as [JSONValue])
    func `large objects have a hash in their metadata if the store rejects or ignores checksums`(_ quirks: JSONValue)
        async throws
    {
        let testStore = try S3TestStore("s3", ["AWS_MAX_ATTEMPTS": "1"], quirks: quirks)
        #expect(try await testStore.roundTrip(Self.large, as: "large"))
        #expect(try await testStore.roundTrip(Self.large, as: "again"))
        #expect(try testStore.store.send(["uploads": true])["uploads"] == 0)
        // The first upload was started twice, with and without checksums, the second one once.
        #expect(try testStore.seen("^POST /films/again\\?uploads").count == 1)
        let headers = try testStore.store.send(["get": "again"])["headers"]
        #expect(headers?["x-amz-meta-understudy-sha256"]?.string?.hasSuffix("-\(S3TestStore.part)") == true)
        try testStore.store.send(["flip": "again"])
        let error = await #expect(throws: AWSError.self) {
            try await testStore.client.download(try testStore.object("again"), to: "\(testStore.folder)/flipped")
        }
        #expect(error?.kind == .corruptMedia)
    }

    @Test(
        arguments: [
            ["meta": "refuse"], ["meta": "refuse", "checksums": "refuse"], ["meta": "refuse", "checksums": "ignore"],
            ["meta": "refuse", "checksums": "refuse", "etags": "none"], ["meta": "drop", "checksums": "refuse"],
        ] as [JSONValue])
    func `a store that rejects metadata is detected once and used without it`(_ quirks: JSONValue) async throws {
        let testStore = try S3TestStore(quirks: quirks)
        for key in ["first", "second"] {
            #expect(try await testStore.roundTrip(1000, as: key))
            #expect(try await testStore.client.read(try testStore.object(key), maximum: 1000).count == 1000)
            #expect(try await testStore.roundTrip(Self.large, as: "\(key)-large"))
        }
        #expect(try testStore.seen("^PUT /films/second ?").filter { !$0.contains("large") }.count == 1)
        #expect(try testStore.seen("^POST /films/second-large\\?uploads").count == 1)
        #expect(try testStore.store.send(["uploads": true])["uploads"] == 0)
        if quirks["meta"] == "refuse" { #expect(try testStore.seen("second.*x-amz-meta").isEmpty) }
    }

    @Test
    func `a request is repeated without a feature after relevant errors; a second failure is inconclusive`()
        async throws
    {
        for (status, code, isRetryable, expected) in [
            (403, "AccessDenied", false, [true, false]), (500, "InternalError", true, [true, false]),
            (400, "BadDigest", true, [true, false]), (400, "InvalidArgument", false, [true, false]),
            (503, "SlowDown", true, [true]), (503, "ServiceUnavailable", true, [true]),
            (403, "InvalidAccessKeyId", false, [true]), (404, "NoSuchBucket", false, [true]),
            (429, "TooManyRequests", true, [true]), (409, "OperationAborted", true, [true]),
        ] as [(Int, String, Bool, [Bool])] {
            let features = S3Features()
            var failure = AWSError(.unavailable, "no", retryable: isRetryable, code: code)
            failure.status = status
            #expect(await uses(of: .checksums, features, failure) == expected, "\(code)")
            #expect(features[.checksums] == .unknown)
            // Corruption and server errors are not caused by metadata.
            let isServerError = status == 500 || code == "BadDigest"
            #expect(await uses(of: .metadata, features, failure) == (isServerError ? [true] : expected), "\(code)")
            features.record(.checksums, .supported)
            #expect(await uses(of: .checksums, features, failure) == [true], "\(code)")
        }
    }

    /// Whether each attempt of a request that always fails used a feature.
    private func uses(
        of feature: S3Features.Feature, _ features: S3Features, _ failure: AWSError
    ) async -> [Bool] {
        var uses: [Bool] = []
        do {
            try await features.withFeature(feature) { (isUsed: Bool) async throws -> Void in
                uses.append(isUsed)
                throw failure
            }
        } catch {}
        return uses
    }

    @Test
    func `a store that rejects only the checksum mode is read without it`() async throws {
        let testStore = try S3TestStore(quirks: ["checksums": "refuse-mode"])
        #expect(try await testStore.roundTrip(1000, as: "a"))
        #expect(try await testStore.roundTrip(1000, as: "b"))
        #expect(try testStore.seen("^PUT.*x-amz-checksum-sha256").count == 2)
        #expect(try testStore.seen("x-amz-checksum-mode").count == 1)
    }

    @Test
    func `an unrelated rejection is reported and does not disable a feature`() async throws {
        let testStore = try S3TestStore()
        let error = await #expect(throws: AWSError.self) {
            try await testStore.client.upload(.bytes(Data()), to: try S3Location(bucket: "nowhere", key: "x"))
        }
        #expect(error?.code == "NoSuchBucket")
        #expect(try await testStore.client.info(try testStore.object("nothing")) == nil)
        #expect(try await testStore.roundTrip(10, as: "x"))
        #expect(try testStore.seen("^PUT.*/films/x.*x-amz-checksum-sha256").count == 1)
    }

    @Test
    func `a store without quirks needs one request per operation`() async throws {
        let testStore = try S3TestStore()
        for key in ["a", "b"] {
            try await testStore.client.upload(.bytes(Data("x".utf8)), to: try testStore.object(key))
            _ = try await testStore.client.read(try testStore.object(key), maximum: 10)
            let info = try #require(try await testStore.client.info(try testStore.object(key)))
            _ = try await testStore.client.download(try testStore.object(key), info, to: "\(testStore.folder)/x")
            _ = try await testStore.client.read(try testStore.object(key), range: 0..<1, of: info)
        }
        #expect(try testStore.seen("^PUT").count == 2 && testStore.seen("^HEAD").count == 2)
        #expect(try testStore.seen("^GET").count == 6 && testStore.seen("").count == 10)
        try testStore.store.send(["forget": true])
        #expect(try await testStore.roundTrip(Self.large, as: "large"))
        // Upload: begin, three parts, complete. Download: HEAD, part size, three parts.
        #expect(try testStore.seen("").count == 5 + 5)
        #expect(try testStore.seen("HEAD .*partNumber").count == 1)
    }

    @Test
    func `the checksum settings of AWS's own tools are honored, in variables and profiles`() async throws {
        let testStore = try S3TestStore()
        let withoutChecksums = testStore.client([
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required", "AWS_RESPONSE_CHECKSUM_VALIDATION": "WHEN_REQUIRED",
        ])
        let path = try testStore.file(Self.large)
        try await withoutChecksums.upload(.file(path), to: try testStore.object("large"))
        try await withoutChecksums.upload(.bytes(Data("x".utf8)), to: try testStore.object("small"))
        _ = try await withoutChecksums.download(try testStore.object("large"), to: "\(testStore.folder)/copy")
        #expect(FileManager.default.contentsEqual(atPath: path, andPath: "\(testStore.folder)/copy"))
        #expect(try testStore.seen("x-amz-(checksum|sdk)").isEmpty)
        let invalid = testStore.client(["AWS_REQUEST_CHECKSUM_CALCULATION": "never"])
        let error = await #expect(throws: AWSError.self) {
            try await invalid.upload(.bytes(Data()), to: try testStore.object("x"))
        }
        #expect(error?.message.contains("AWS_REQUEST_CHECKSUM_CALCULATION: expected when_supported") == true)
        let profile = AWSSettings(environment: ["HOME": "/h"], profile: nil) { path in
            guard path == "/h/.aws/config" else { return nil }
            return
                "[default]\nrequest_checksum_calculation = when_required\nresponse_checksum_validation=when_supported\n"
        }
        #expect(try profile.checksums() == S3Checksums(onRequests: .whenRequired, onResponses: .whenSupported))
    }
}
