import Faults
import Foundation
import JSON
import StandIns
import Testing

@testable import AWS

/// The same with real servers: moto, which keeps checksums, and OpenStack Swift, which takes no notice of them.
@Suite struct RealStoreTests {
    private static let large = 2 * StoreScene.realPart + 1000

    private static func scene(_ name: String) throws -> StoreScene {
        try name == "aws" ? StoreScene("aws") : StoreScene(name, keys: ("test:tester", "testing"))
    }

    @Test(
        "objects are stored, read in whole and in part, listed, copied and removed",
        arguments: ["aws", "openstack_swift"])
    func objects(_ name: String) async throws {
        let scene = try Self.scene(name)
        let keys = ["x/a b+c=:@(!~%20&é", "x/plain"]
        for key in keys {
            #expect(try await scene.roundTrip(1000, as: key))
            #expect(try await scene.client.read(try scene.object(key), maximum: 1000).count == 1000)
        }
        #expect(try await scene.roundTrip(Self.large, as: "x/sub/large"))
        let large = try scene.object("x/sub/large")
        let info = try #require(try await scene.client.info(large))
        #expect(info.size == Self.large && info.identity != nil)
        let bytes = try Data(contentsOf: URL(filePath: try scene.file(Self.large)))
        #expect(try await scene.client.read(large, range: 7..<17, of: info) == bytes.subdata(in: 7..<17))
        #expect(try await scene.client.list(try scene.object("x"), page: 1) == keys)
        try await scene.client.copy(large, to: try scene.object("copied"))
        _ = try await scene.client.download(try scene.object("copied"), to: "\(scene.folder)/copied")
        #expect(
            FileManager.default.contentsEqual(atPath: try scene.file(Self.large), andPath: "\(scene.folder)/copied"))
        try await scene.client.remove(large)
        #expect(try await scene.client.info(large) == nil)
        let missing = await #expect(throws: AWSError.self) { try await scene.client.read(large, maximum: 1) }
        #expect(missing?.kind == .notFound)
        let bucket = await #expect(throws: AWSError.self) {
            try await scene.client.list(try S3Location(bucket: "no-such-bucket", key: ""))
        }
        #expect(bucket?.code == "NoSuchBucket")
    }

    @Test("what changed in the store is found out", arguments: ["aws", "openstack_swift"])
    func changed(_ name: String) async throws {
        let scene = try Self.scene(name)
        let object = try scene.object("x")
        try await scene.client.upload(.bytes(Data("one".utf8)), to: object)
        let info = try #require(try await scene.client.info(object))
        try await scene.client.upload(.bytes(Data("two".utf8)), to: object)
        let error = await #expect(throws: AWSError.self) {
            try await scene.client.download(object, info, to: "\(scene.folder)/x")
        }
        #expect(error?.kind == .conflict)
        // Other bytes under our hash, as a fault of the store would leave them.
        let hash = try #require(info.hash?.text)
        let put: [String: JSONValue] = [
            "Bucket": "films", "Key": "x", "Body": "bad", "Metadata": ["understudy-sha256": .string(hash)],
        ]
        try scene.store.ask(["service": "s3", "call": "put_object", "args": .object(put)])
        let corrupt = await #expect(throws: AWSError.self) { try await scene.client.read(object, maximum: 10) }
        #expect(corrupt?.kind == .corruptMedia)
    }
}
