// SPDX-License-Identifier: Apache-2.0

import AWS
import Faults
import Foundation
import HTTP
import JSON
import StandIns
import TestSupport
import Testing

@testable import Artifacts

@Suite(.timeLimit(.minutes(5))) struct ObjectArtifactTests {
    private func withStore(
        _ more: [String: String] = [:], _ body: (Artifacts, StandIn, String) async throws -> Void
    ) async throws {
        let server = try StandIn("aws")
        let folder = TemporaryPath.new("s3")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let environment = [
            "AWS_ENDPOINT_URL_S3": server.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1", "UNDERSTUDY_CACHE_DIR": folder,
        ]
        try await body(Artifacts(environment: environment.merging(more) { $1 }), server, folder)
    }

    private func names(_ folder: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/artifacts")) ?? []
        // Without the lock file.
        return all.filter { $0 != ".uses" }
    }

    @Test
    func `objects with unusual keys are written, read, listed, copied and removed`() async throws {
        try await withStore { artifacts, server, _ in
            for name in ["plain.json", "a b+c=:@(!~%20&é.json", "sub/deep.json"] {
                let uri = try ArtifactURI("s3://films/x/y/\(name)")
                try await artifacts.write(Data("{\"n\":1}".utf8), to: uri)
                #expect(try server.storedObject("x/y/\(name)") == "application/json {\"n\":1}")
                #expect(try await artifacts.info(uri)?.size == 7)
                #expect(try await artifacts.read(uri, maximum: 7) == Data("{\"n\":1}".utf8))
            }
            let folder = try ArtifactURI("s3://films/x/y")
            #expect(try await artifacts.list(folder).map(\.name) == ["a b+c=:@(!~%20&é.json", "plain.json"])
            #expect(try await artifacts.list(try ArtifactURI("s3://films/none")).isEmpty)
            let (source, target) = (try folder.appending("a b+c=:@(!~%20&é.json"), try folder.appending("z ü.json"))
            try await artifacts.copy(source, to: target)
            #expect(try server.storedObject("x/y/z ü.json") == "application/json {\"n\":1}")
            try await artifacts.remove(target)
            try await artifacts.remove(target)
            #expect(try await artifacts.info(target) == nil)
        }
    }

    @Test
    func `an object replaced during the download is downloaded again; one that keeps changing is a conflict`()
        async throws
    {
        let store = try StandIn("s3")
        let folder = TemporaryPath.new("s3")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let artifacts = Artifacts(environment: [
            "AWS_ENDPOINT_URL_S3": store.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1", "UNDERSTUDY_CACHE_DIR": folder,
        ])
        for name in ["clip", "film"] { try store.send(["put": .string("\(name).mp4"), "body": .string(name)]) }
        try store.send(["quirks": ["replaced": 3]])
        let path = try await artifacts.localPath(try ArtifactURI("s3://films/clip.mp4"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "clip+++")
        try store.send(["quirks": ["replaced": 100]])
        let error = await #expect(throws: ServiceError.self) {
            _ = try await artifacts.localPath(try ArtifactURI("s3://films/film.mp4"))
        }
        #expect(error?.kind == .conflict)
    }

    @Test
    func `an object is downloaded once, and again after it has changed`() async throws {
        try await withStore { artifacts, _, folder in
            let uri = try ArtifactURI("s3://films/clip.txt")
            try await artifacts.write(Data("one".utf8), to: uri)
            let first = try await artifacts.localPath(uri)
            #expect(first.hasSuffix(".txt"))
            #expect(try String(contentsOfFile: first, encoding: .utf8) == "one")
            let inode = try FileManager.default.attributesOfItem(atPath: first)[.systemFileNumber] as? Int
            #expect(try await artifacts.localPath(uri) == first)
            #expect(try FileManager.default.attributesOfItem(atPath: first)[.systemFileNumber] as? Int == inode)
            try await artifacts.write(Data("two".utf8), to: uri)
            let second = try await artifacts.localPath(uri)
            #expect(second != first)
            #expect(try String(contentsOfFile: second, encoding: .utf8) == "two")
            #expect(names(folder).count == 2)
        }
    }

    @Test
    func `an output appears as an object only if its writer succeeds`() async throws {
        try await withStore { artifacts, server, folder in
            let uri = try ArtifactURI("s3://films/final.srt")
            try await artifacts.output(uri) { path in
                try Data("words".utf8).write(to: URL(filePath: path))
                #expect(try server.storedObject("final.srt") == "nothing")
            }
            #expect(try server.storedObject("final.srt") == "text/plain; charset=utf-8 words")
            await #expect(throws: CancellationError.self) {
                try await artifacts.output(uri) { path in
                    try Data("half".utf8).write(to: URL(filePath: path))
                    throw CancellationError()
                }
            }
            #expect(try server.storedObject("final.srt") == "text/plain; charset=utf-8 words")
            // The cached copy for the next reader, and no partial file.
            #expect(names(folder).count == 1 && names(folder)[0].hasSuffix(".srt"))
            let file = ArtifactURI(filePath: "\(folder)/copied")
            try await artifacts.copy(uri, to: file)
            #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "words")
            try await artifacts.copy(file, to: try ArtifactURI("s3://films/again.txt"))
            #expect(try server.storedObject("again.txt") == "text/plain; charset=utf-8 words")
        }
    }

    @Test
    func `missing and oversized objects and missing credentials are errors`() async throws {
        try await withStore { artifacts, _, _ in
            let missing = try ArtifactURI("s3://films/none")
            #expect(try await artifacts.info(missing) == nil)
            let unread = await #expect(throws: ServiceError.self) { try await artifacts.read(missing, maximum: 1) }
            #expect(unread?.kind == .notFound && unread?.providerCode == "NoSuchKey")
            let missingFile = await #expect(throws: ServiceError.self) { try await artifacts.localPath(missing) }
            #expect(missingFile?.kind == .notFound)
            let bucket = await #expect(throws: ServiceError.self) {
                try await artifacts.list(try ArtifactURI("s3://no-such-bucket/x"))
            }
            #expect(bucket?.kind == .notFound && bucket?.providerCode == "NoSuchBucket")
            let large = try ArtifactURI("s3://films/large")
            try await artifacts.write(Data(count: 10), to: large)
            let oversized = await #expect(throws: ServiceError.self) { try await artifacts.read(large, maximum: 9) }
            #expect(oversized?.kind == .tooLarge)
            for text in ["s3://films", "s3://a!b/key"] {
                let invalid = await #expect(throws: ServiceError.self) {
                    try await artifacts.localPath(ArtifactURI(text))
                }
                #expect(invalid?.kind == .invalidParams)
            }
        }
        let unconfigured = Artifacts(environment: ["HOME": "/nonexistent", "AWS_REGION": "us-east-1"])
        let unsigned = await #expect(throws: ServiceError.self) {
            try await unconfigured.info(try ArtifactURI("s3://films/x"))
        }
        #expect(unsigned?.kind == .unauthorized && unsigned?.message.contains("AWS_ACCESS_KEY_ID") == true)
    }

    @Test
    func `lists are paginated, and a presigned URL reads an object without credentials`() async throws {
        try await withStore { artifacts, server, _ in
            for number in 0..<5 {
                try await artifacts.write(Data("x".utf8), to: try ArtifactURI("s3://films/p/\(number)"))
            }
            let client = S3Client(
                account: AWSAccount(environment: [
                    "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
                ]))
            let folder = try S3Location(bucket: "films", key: "p")
            #expect(try await client.list(folder, pageSize: 2) == ["p/0", "p/1", "p/2", "p/3", "p/4"])
            let object = try S3Location(bucket: "films", key: "p/once ü")
            try await client.upload(.bytes(Data("first".utf8)), to: object)
            let url = try await client.presignedURL(object, seconds: 60)
            #expect(try await HTTPClient().send(.get(url)).body == Data("first".utf8))
        }
    }
}
