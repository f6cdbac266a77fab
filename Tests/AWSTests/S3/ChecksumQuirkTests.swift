import Faults
import Foundation
import JSON
import StandIns
import Testing

@testable import AWS

/// Stores that refuse the checksums of S3, or take no notice of them.
@Suite struct ChecksumQuirkTests {
    private static let large = 2 * StoreScene.part + 1000

    @Test(
        "a store that refuses checksums, whatever it calls that, is found out once and used without them",
        arguments: [
            [400, "InvalidArgument", "Unsupported header 'x-amz-checksum-sha256' received for this API call."],
            [501, "NotImplemented", "A header you provided implies functionality that is not implemented"],
            [400, "InvalidRequest", ""], [403, "SignatureDoesNotMatch", "The signature does not match"],
            [415, "Oops", "what?"], [403, "AccessDenied", "this header is not allowed"],
            [422, "UnknownHeader", "x-amz-sdk-checksum-algorithm"], [403, "AccessDenied", "Access Denied"],
            [403, "", ""], [500, "InternalError", "x"], [400, "BadDigest", "The SHA256 you specified did not match"],
        ] as [JSONValue])
    func refused(_ refusal: JSONValue) async throws {
        let scene = try StoreScene(
            "s3", ["AWS_MAX_ATTEMPTS": "1"], quirks: ["checksums": "refuse", "refusal": refusal])
        for key in ["first", "second"] {
            #expect(try await scene.roundTrip(1000, as: key))
            #expect(try await scene.client.read(try scene.object(key), maximum: 1000).count == 1000)
        }
        // Other clients of the process know it too.
        #expect(try await scene.client([:]).info(try scene.object("first"))?.size == 1000)
        #expect(try scene.seen("^PUT /films/first").count == 2)
        #expect(try scene.seen("^PUT /films/second").count == 1)
        // The first request of each kind, with its headers, and no other.
        #expect(try scene.seen("x-amz-checksum-(sha256|mode)").count <= 3)
        #expect(try scene.seen("second.*x-amz-(checksum|sdk)").isEmpty)
        try scene.store.ask(["flip": "second"])
        let error = await #expect(throws: AWSError.self) {
            try await scene.client.download(try scene.object("second"), to: "\(scene.folder)/flipped")
        }
        #expect(error?.kind == .corruptMedia)
        await #expect(throws: AWSError.self) {
            try await scene.client.read(try scene.object("second"), maximum: 1000)
        }
    }

    @Test(
        "large objects keep this project's hash where the store refuses or ignores checksums",
        arguments: [
            ["checksums": "refuse"], ["checksums": "ignore"], ["checksums": "refuse-parts"],
            ["checksums": "refuse", "refusal": [403, "AccessDenied", "Access Denied"]],
            ["checksums": "refuse", "refusal": [500, "InternalError", "x"]],
            ["checksums": "refuse-parts", "refusal": [400, "BadDigest", "x"]],
        ] as [JSONValue])
    func large(_ quirks: JSONValue) async throws {
        let scene = try StoreScene("s3", ["AWS_MAX_ATTEMPTS": "1"], quirks: quirks)
        #expect(try await scene.roundTrip(Self.large, as: "large"))
        #expect(try await scene.roundTrip(Self.large, as: "again"))
        #expect(try scene.store.ask(["uploads": true])["uploads"] == 0)
        // Once with, for nothing, and without from then on.
        #expect(try scene.seen("^POST /films/again\\?uploads").count == 1)
        let headers = try scene.store.ask(["get": "again"])["headers"]
        #expect(headers?["x-amz-meta-understudy-sha256"]?.string?.hasSuffix("-\(StoreScene.part)") == true)
        try scene.store.ask(["flip": "again"])
        let error = await #expect(throws: AWSError.self) {
            try await scene.client.download(try scene.object("again"), to: "\(scene.folder)/flipped")
        }
        #expect(error?.kind == .corruptMedia)
    }

    @Test(
        "a store that refuses metadata is found out once and used without it",
        arguments: [
            ["meta": "refuse"], ["meta": "refuse", "checksums": "refuse"], ["meta": "refuse", "checksums": "ignore"],
            ["meta": "refuse", "checksums": "refuse", "etags": "none"], ["meta": "drop", "checksums": "refuse"],
        ] as [JSONValue])
    func metadata(_ quirks: JSONValue) async throws {
        let scene = try StoreScene(quirks: quirks)
        for key in ["first", "second"] {
            #expect(try await scene.roundTrip(1000, as: key))
            #expect(try await scene.client.read(try scene.object(key), maximum: 1000).count == 1000)
            #expect(try await scene.roundTrip(Self.large, as: "\(key)-large"))
        }
        #expect(try scene.seen("^PUT /films/second ?").filter { !$0.contains("large") }.count == 1)
        #expect(try scene.seen("^POST /films/second-large\\?uploads").count == 1)
        #expect(try scene.store.ask(["uploads": true])["uploads"] == 0)
        if quirks["meta"] == "refuse" { #expect(try scene.seen("second.*x-amz-meta").isEmpty) }
    }

    @Test(
        "a request is repeated without a feature once, for what may be about it, and nothing is learnt from one that fails again"
    )
    func denied() async throws {
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
            // Damage and faults of the server are not about metadata.
            let isFault = status == 500 || code == "BadDigest"
            #expect(await uses(of: .metadata, features, failure) == (isFault ? [true] : expected), "\(code)")
            features.note(.checksums, .supported)
            #expect(await uses(of: .checksums, features, failure) == [true], "\(code)")
        }
    }

    /// Whether each try of a request that always fails used a feature.
    private func uses(
        of feature: S3Features.Feature, _ features: S3Features, _ failure: AWSError
    ) async -> [Bool] {
        var uses: [Bool] = []
        do {
            try await features.trying(feature) { (isUsed: Bool) async throws -> Void in
                uses.append(isUsed)
                throw failure
            }
        } catch {}
        return uses
    }

    @Test("a store that refuses only to report checksums is asked without")
    func mode() async throws {
        let scene = try StoreScene(quirks: ["checksums": "refuse-mode"])
        #expect(try await scene.roundTrip(1000, as: "a"))
        #expect(try await scene.roundTrip(1000, as: "b"))
        #expect(try scene.seen("^PUT.*x-amz-checksum-sha256").count == 2)
        #expect(try scene.seen("x-amz-checksum-mode").count == 1)
    }

    @Test("a refusal for another reason stays one, and nothing is learnt from it")
    func other() async throws {
        let scene = try StoreScene()
        let error = await #expect(throws: AWSError.self) {
            try await scene.client.upload(.bytes(Data()), to: try S3Location(bucket: "nowhere", key: "x"))
        }
        #expect(error?.code == "NoSuchBucket")
        #expect(try await scene.client.info(try scene.object("nothing")) == nil)
        #expect(try await scene.roundTrip(10, as: "x"))
        #expect(try scene.seen("^PUT.*/films/x.*x-amz-checksum-sha256").count == 1)
    }

    @Test("a store without quirks costs one request for each object that is stored, read or asked about")
    func counts() async throws {
        let scene = try StoreScene()
        for key in ["a", "b"] {
            try await scene.client.upload(.bytes(Data("x".utf8)), to: try scene.object(key))
            _ = try await scene.client.read(try scene.object(key), maximum: 10)
            let info = try #require(try await scene.client.info(try scene.object(key)))
            _ = try await scene.client.download(try scene.object(key), info, to: "\(scene.folder)/x")
            _ = try await scene.client.read(try scene.object(key), range: 0..<1, of: info)
        }
        #expect(try scene.seen("^PUT").count == 2 && scene.seen("^HEAD").count == 2)
        #expect(try scene.seen("^GET").count == 6 && scene.seen("").count == 10)
        try scene.store.ask(["forget": true])
        #expect(try await scene.roundTrip(Self.large, as: "large"))
        // Begun, three parts, completed; asked about, its parts' size, three parts.
        #expect(try scene.seen("").count == 5 + 5)
        #expect(try scene.seen("HEAD .*partNumber").count == 1)
    }

    @Test("the variables of AWS's own tools, and the profile's settings, are honoured")
    func settings() async throws {
        let scene = try StoreScene()
        let without = scene.client([
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required", "AWS_RESPONSE_CHECKSUM_VALIDATION": "WHEN_REQUIRED",
        ])
        let path = try scene.file(Self.large)
        try await without.upload(.file(path), to: try scene.object("large"))
        try await without.upload(.bytes(Data("x".utf8)), to: try scene.object("small"))
        _ = try await without.download(try scene.object("large"), to: "\(scene.folder)/copy")
        #expect(FileManager.default.contentsEqual(atPath: path, andPath: "\(scene.folder)/copy"))
        #expect(try scene.seen("x-amz-(checksum|sdk)").isEmpty)
        let wrong = scene.client(["AWS_REQUEST_CHECKSUM_CALCULATION": "never"])
        let error = await #expect(throws: AWSError.self) {
            try await wrong.upload(.bytes(Data()), to: try scene.object("x"))
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
