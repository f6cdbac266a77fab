import Foundation
import JSONRPC
import StandIns
import Testing

@testable import AWS

/// Stores and proxies that rewrite tags, ignore ranges, lose answers and cut lists.
@Suite struct StoreQuirkTests {
    private static let large = 2 * StoreScene.part + 1000

    // MARK: - Tags

    @Test(
        "whatever a proxy makes of tags, objects are read and verified",
        arguments: ["weak", "unquoted", "none", "suffix"])
    func tags(_ quirk: String) async throws {
        let scene = try StoreScene(quirks: ["etags": .string(quirk)])
        for (key, size) in [("small", 1000), ("large", Self.large)] {
            #expect(try await scene.roundTrip(size, as: key))
            let info = try #require(try await scene.client.info(try scene.object(key)))
            #expect(try await scene.client.read(try scene.object(key), range: 5..<15, of: info).count == 10)
            try scene.store.ask(["flip": .string(key)])
            let error = await #expect(throws: AWSError.self) {
                try await scene.client.download(try scene.object(key), to: "\(scene.folder)/flipped")
            }
            #expect(error?.kind == .corrupt)
        }
    }

    @Test("an endpoint that refuses its own tags is asked without them from then on")
    func conditions() async throws {
        let scene = try StoreScene(quirks: ["conditions": "refuse"])
        #expect(try await scene.roundTrip(1000, as: "a"))
        #expect(try await scene.roundTrip(Self.large, as: "b"))
        #expect(try scene.seen("GET .*if-match").count == 1)
    }

    @Test("an object that changes between the question and the answer is a conflict, with tags and without")
    func changed() async throws {
        for quirks: JSONValue in [[:], ["etags": "weak"], ["etags": "unquoted"]] {
            let scene = try StoreScene(quirks: quirks)
            let object = try scene.object("x")
            try await scene.client.upload(.bytes(Data("one".utf8)), to: object)
            let info = try #require(try await scene.client.info(object))
            try await scene.client.upload(.bytes(Data("two".utf8)), to: object)
            let error = await #expect(throws: AWSError.self) {
                try await scene.client.download(object, info, to: "\(scene.folder)/x")
            }
            #expect(error?.kind == .conflict)
        }
    }

    @Test("a tag is what it is behind what proxies do to it")
    func values() {
        for text in ["\"abc-2\"", "W/\"abc-2\"", "w/\"abc-2\"", "abc-2", "\"abc-2-gzip\""] {
            #expect(S3Tag(text).value == "abc-2" && S3Tag(text).parts == 2)
        }
        #expect(S3Tag("\"a\"").condition == "\"a\"" && S3Tag("W/\"a\"").condition == nil)
        #expect(S3Tag("a").condition == nil && S3Tag("").condition == nil && S3Tag("\"\"").condition == nil)
        #expect(S3Tag("W/\"a\"").stored == "\"a\"" && S3Tag("a").stored == "a" && S3Tag(nil).value.isEmpty)
    }

    // MARK: - Ranges and parts

    @Test("a server that ignores ranges gives whole files and the right bytes")
    func ranges() async throws {
        let scene = try StoreScene(quirks: ["ranges": "ignore"])
        #expect(try await scene.roundTrip(Self.large, as: "large"))
        let path = try scene.file(Self.large)
        let bytes = try Data(contentsOf: URL(filePath: path))
        let object = try scene.object("large")
        for range in [
            0..<10, 7..<17, Self.large - 5..<Self.large, Self.large - 5..<Self.large + 5, 100_000..<120_000,
        ] {
            let part = try await scene.client.read(object, range: range)
            #expect(part == bytes.subdata(in: range.clamped(to: 0..<Self.large)))
        }
        #expect(scene.client.ignoresRanges)
        // Found out by the first requests, which are made together.
        #expect(try scene.seen("^GET /films/large").count <= 10)
        try scene.store.ask(["quirks": ["ranges": "shift"]])
        S3Features.forget(endpoint: scene.store.url)
        let error = await #expect(throws: AWSError.self) {
            try await scene.client([:]).read(object, range: 7..<17)
        }
        #expect(error?.kind == .corrupt)
    }

    @Test("a question about a part that is refused costs the verification only", arguments: [400, 403, 405, 501, 500])
    func partNumber(_ status: Int) async throws {
        let scene = try StoreScene(
            "s3", ["AWS_MAX_ATTEMPTS": "1"], quirks: ["part_number": .number(Double(status))])
        #expect(try await scene.roundTrip(Self.large, as: "large"))
        #expect(try await scene.roundTrip(Self.large, as: "again"))
        #expect(try scene.seen("HEAD .*partNumber").count == (status == 500 ? 2 : 1))
    }

    @Test("an answer without a length that ends early is found out")
    func lengths() async throws {
        let scene = try StoreScene(quirks: ["lengths": "none"])
        #expect(try await scene.roundTrip(1000, as: "x"))
        let info = try #require(try await scene.client.info(try scene.object("x")))
        try scene.store.ask(["put": "x", "body": "short"])
        await #expect(throws: AWSError.self) {
            try await scene.client.download(try scene.object("x"), info, to: "\(scene.folder)/x")
        }
    }

    @Test("the size of an object is asked for by a range if the answer to HEAD has no length")
    func unstatedSize() async throws {
        let scene = try StoreScene(quirks: ["lengths": "none-of-head"])
        for size in [0, 1, 1000, 3 * StoreScene.part] {
            #expect(try await scene.roundTrip(size, as: "x"), "\(size)")
            #expect(try await scene.client.info(try scene.object("x"))?.size == size)
        }
        try scene.store.ask(["quirks": ["lengths": "none-of-head", "ranges": "ignore"]])
        let unknown = await #expect(throws: AWSError.self) { try await scene.client.info(try scene.object("x")) }
        #expect(unknown?.message.contains("neither Content-Length nor Content-Range") == true)
    }

    // MARK: - Completions

    @Test(
        "a completion whose answer is lost, or is an error although it was carried out, is looked for before it is lost",
        arguments: ["lost", "500", "error"], ["", "refuse", "ignore"])
    func completed(_ act: String, _ checksums: String) async throws {
        let scene = try StoreScene(
            quirks: ["complete": [.string(act)], "checksums": checksums.isEmpty ? .null : .string(checksums)])
        #expect(try await scene.roundTrip(Self.large, as: "large"))
        #expect(try scene.store.ask(["uploads": true])["uploads"] == 0)
    }

    @Test("a completion that failed is an error that may be tried again, also where an older object is there")
    func failed() async throws {
        let scene = try StoreScene()
        let old = try scene.file(Self.large, seed: 7)
        try await scene.client.upload(.file(old), to: try scene.object("x"))
        for (act, code) in [("gone", "NoSuchUpload"), ("lost-undone", nil)] as [(String, String?)] {
            try scene.store.ask(["quirks": ["complete": .array(Array(repeating: .string(act), count: 9))]])
            let error = await #expect(throws: AWSError.self) {
                try await scene.client.upload(.file(try scene.file(Self.large)), to: try scene.object("x"))
            }
            #expect(error?.retryable == true && error?.code == code)
            #expect(try scene.store.ask(["uploads": true])["uploads"] == 0)
        }
        try scene.store.ask(["quirks": [:]])
        _ = try await scene.client.download(try scene.object("x"), to: "\(scene.folder)/copy")
        #expect(FileManager.default.contentsEqual(atPath: old, andPath: "\(scene.folder)/copy"))
    }

    // MARK: - Lists

    private static let names = ["a", "b+c", "b c", "d%20e", "f%zz", "sub/1", "sub/2", "t/1", "z é", "z"]

    @Test(
        "a list is whole, whatever the store makes of keys and pages",
        arguments: ["", "none"], ["", "no-token", "first-version"])
    func lists(_ encoding: String, _ truncation: String) async throws {
        let scene = try StoreScene(quirks: [
            "encoding": encoding.isEmpty ? .null : .string(encoding),
            "truncation": truncation.isEmpty ? .null : .string(truncation), "page": 2,
        ])
        for name in Self.names { try scene.store.ask(["put": .string("p/\(name)")]) }
        let wanted = ["a", "b c", "b+c", "d%20e", "f%zz", "z", "z é"].map { "p/\($0)" }
        #expect(try await scene.client.list(try scene.object("p")) == wanted)
    }

    @Test("a list that is cut and never goes on is an error, not a short list")
    func loop() async throws {
        let scene = try StoreScene(quirks: ["truncation": "loop", "page": 2])
        for name in Self.names { try scene.store.ask(["put": .string("p/\(name)")]) }
        let error = await #expect(throws: AWSError.self) { try await scene.client.list(try scene.object("p")) }
        #expect(error?.kind == .unavailable && error?.message.contains("s3://films/p: the list is cut") == true)
    }

    @Test("pages are read as they are written")
    func pages() throws {
        func page(_ text: String) throws -> XMLElement {
            try #require(XMLElement(document: Data("<ListBucketResult>\(text)</ListBucketResult>".utf8)))
        }
        let one = "<Contents><Key>p/1</Key></Contents>"
        var walk = ListWalk(prefix: "p/", page: 1, name: "n")
        // A full page that does not tell whether it is the last.
        try walk.take(try page(one))
        #expect(walk.next?.name == "start-after" && walk.next?.value == "p/1")
        try walk.take(try page("<IsTruncated>False</IsTruncated>"))
        #expect(walk.next == nil && walk.keys == ["p/1"])
        let cut = "<IsTruncated>True</IsTruncated>"
        #expect(throws: AWSError.self) { try walk.take(try page("\(cut)")) }
        #expect(throws: AWSError.self) { try walk.take(try page("<Contents><Size>1</Size></Contents>")) }
        var again = ListWalk(prefix: "p/", page: 9, name: "n")
        let token = "<NextContinuationToken>t</NextContinuationToken>"
        try again.take(try page("\(one)\(cut)\(token)"))
        #expect(again.next?.value == "t")
        #expect(throws: AWSError.self) { try again.take(try page("\(one)\(cut)\(token)")) }
    }
}
