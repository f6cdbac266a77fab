import Foundation
import JSONRPC
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
            [422, "UnknownHeader", "x-amz-sdk-checksum-algorithm"],
        ] as [JSONValue])
    func refused(_ refusal: JSONValue) async throws {
        let scene = try StoreScene(quirks: ["checksums": "refuse", "refusal": refusal])
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
        #expect(error?.kind == .corrupt)
        await #expect(throws: AWSError.self) {
            try await scene.client.read(try scene.object("second"), maximum: 1000)
        }
    }

    @Test(
        "large objects keep this project's hash where the store refuses or ignores checksums",
        arguments: [
            "refuse", "ignore", "refuse-parts",
        ])
    func large(_ quirk: String) async throws {
        let scene = try StoreScene(quirks: ["checksums": .string(quirk)])
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
        #expect(error?.kind == .corrupt)
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
