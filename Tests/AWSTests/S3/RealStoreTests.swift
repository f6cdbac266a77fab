// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON
import StandIns
import Testing

@testable import AWS

/// Tests against real servers: moto, which supports checksums, and OpenStack Swift, which ignores them.
@Suite(.timeLimit(.minutes(5))) struct RealStoreTests {
    private static let large = 2 * S3TestStore.realPart + 1000

    private static func testStore(_ name: String) throws -> S3TestStore {
        try name == "aws" ? S3TestStore("aws") : S3TestStore(name, keys: ("test:tester", "testing"))
    }

    @Test(arguments: ["aws", "openstack_swift"])
    func `objects are uploaded, read in whole and in part, listed, copied and removed`(_ name: String) async throws {
        let testStore = try Self.testStore(name)
        let keys = ["x/a b+c=:@(!~%20&é", "x/plain"]
        for key in keys {
            #expect(try await testStore.roundTrip(1000, as: key))
            #expect(try await testStore.client.read(try testStore.object(key), maximum: 1000).count == 1000)
        }
        #expect(try await testStore.roundTrip(Self.large, as: "x/sub/large"))
        let large = try testStore.object("x/sub/large")
        let info = try #require(try await testStore.client.info(large))
        #expect(info.size == Self.large && info.identity != nil)
        let bytes = try Data(contentsOf: URL(filePath: try testStore.file(Self.large)))
        #expect(try await testStore.client.read(large, range: 7..<17, of: info) == bytes.subdata(in: 7..<17))
        #expect(try await testStore.client.list(try testStore.object("x"), pageSize: 1) == keys)
        try await testStore.client.copy(large, to: try testStore.object("copied"))
        _ = try await testStore.client.download(try testStore.object("copied"), to: "\(testStore.folder)/copied")
        #expect(
            FileManager.default.contentsEqual(
                atPath: try testStore.file(Self.large), andPath: "\(testStore.folder)/copied"))
        try await testStore.client.remove(large)
        #expect(try await testStore.client.info(large) == nil)
        let missing = await #expect(throws: AWSError.self) { try await testStore.client.read(large, maximum: 1) }
        #expect(missing?.kind == .notFound)
        let bucket = await #expect(throws: AWSError.self) {
            try await testStore.client.list(try S3Location(bucket: "no-such-bucket", key: ""))
        }
        #expect(bucket?.code == "NoSuchBucket")
    }

    @Test(arguments: ["aws", "openstack_swift"])
    func `changes and corruption in the store are detected`(_ name: String) async throws {
        let testStore = try Self.testStore(name)
        let object = try testStore.object("x")
        try await testStore.client.upload(.bytes(Data("one".utf8)), to: object)
        let info = try #require(try await testStore.client.info(object))
        try await testStore.client.upload(.bytes(Data("two".utf8)), to: object)
        let error = await #expect(throws: AWSError.self) {
            try await testStore.client.download(object, info, to: "\(testStore.folder)/x")
        }
        #expect(error?.kind == .conflict)
        // Other bytes with the same hash, as after data corruption in the store.
        let hash = try #require(info.hash?.text)
        let put: [String: JSONValue] = [
            "Bucket": "films", "Key": "x", "Body": "bad", "Metadata": ["understudy-sha256": .string(hash)],
        ]
        try testStore.store.send(["service": "s3", "call": "put_object", "args": .object(put)])
        let corrupt = await #expect(throws: AWSError.self) { try await testStore.client.read(object, maximum: 10) }
        #expect(corrupt?.kind == .corruptMedia)
    }
}
