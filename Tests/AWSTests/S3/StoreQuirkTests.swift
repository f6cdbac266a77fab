import Faults
import Foundation
import HTTP
import JSON
import StandIns
import Testing

@testable import AWS

/// Stores and proxies that rewrite tags, ignore ranges, lose answers and cut lists.
@Suite struct StoreQuirkTests {
    private static let large = 2 * StoreScene.part + 1000

    // MARK: - Tags

    @Test(
        "whatever a proxy makes of tags, objects are read and verified",
        arguments: ["weak", "unquoted", "none", "suffix", "br", "weak-br", "random"])
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
            #expect(error?.kind == .corruptMedia)
        }
    }

    @Test(
        "objects of other tools, which have no hash, are read whatever a proxy makes of tags",
        arguments: ["weak", "unquoted", "none", "suffix", "br", "weak-br", "random"])
    func foreign(_ quirk: String) async throws {
        let scene = try StoreScene(quirks: ["etags": .string(quirk)])
        for size in [1000, Self.large] {
            let (path, object) = (try scene.file(size), try scene.object("voice-\(size)"))
            try scene.store.ask(["put": .string(object.key), "file": .string(path)])
            let info = try #require(try await scene.client.info(object))
            for _ in 0..<2 {
                _ = try await scene.client.download(object, info, to: "\(scene.folder)/copy")
                #expect(FileManager.default.contentsEqual(atPath: path, andPath: "\(scene.folder)/copy"))
            }
            #expect(try await scene.client.read(object, range: 5..<15, of: info).count == 10)
            // Another object of this name is no answer about the old one.
            try scene.store.ask(["put": .string(object.key), "file": .string(try scene.file(size + 1))])
            await #expect(throws: AWSError.self) {
                try await scene.client.download(object, info, to: "\(scene.folder)/copy")
            }
            await #expect(throws: AWSError.self) { try await scene.client.read(object, range: 5..<15, of: info) }
        }
    }

    @Test("two answers are about the same state by a hash, else a checksum, else the tag, else the time")
    func states() {
        func info(_ headers: HTTPHeaders) -> S3Client.ObjectInfo {
            S3Client.ObjectInfo(HTTPResponse(status: 200, headers: headers), size: 1)
        }
        let (one, two) = (String(repeating: "1", count: 64), String(repeating: "2", count: 64))
        func hash(_ digits: String, _ tag: String) -> S3Client.ObjectInfo {
            info([S3Hash.header: digits, "etag": tag])
        }
        func sum(_ text: String, _ tag: String) -> S3Client.ObjectInfo {
            info(["x-amz-checksum-sha256": text, "etag": tag])
        }
        #expect(hash(one, "\"a\"").isSame(as: hash(one, "\"b\"")) && !hash(one, "\"a\"").isSame(as: hash(two, "\"a\"")))
        #expect(
            sum("AA==", "\"a\"").isSame(as: sum("AA==", "\"b\""))
                && !sum("AA==", "\"a\"").isSame(as: sum("AB==", "\"a\"")))
        // A checksum of all bytes says nothing about one of parts.
        #expect(sum("AA==-2", "\"a\"").isSame(as: sum("AB==", "\"a\"")))
        #expect(info(["etag": "\"a\""]).isSame(as: info(["etag": "W/\"a\""])))
        #expect(!info(["etag": "\"a\""]).isSame(as: info(["etag": "\"b\""])))
        #expect(info(["etag": "\"a\""]).isSame(as: info(["etag": "\"b\""]), byTag: false))
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
        for quirks: JSONValue in [
            [:], ["etags": "weak"], ["etags": "unquoted"], ["etags": "br"], ["etags": "random"],
        ] {
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
        #expect(error?.kind == .corruptMedia)
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
        let scene = try StoreScene(quirks: [:])
        var refusals = ["404:NoSuchUpload", "400:InvalidPart", "403:AccessDenied"]
        if checksums.isEmpty {
            refusals += [
                "400:InvalidRequest", "405:MethodNotAllowed", "409:OperationAborted", "412:PreconditionFailed",
                "410:Gone",
            ]
        }
        for refusal in refusals {
            // Refused each time that it is asked again: the upload is gone.
            let acts = [act] + Array(repeating: "refuse:\(refusal)", count: 4)
            S3Features.forget(endpoint: scene.store.url)
            try scene.store.ask([
                "quirks": [
                    "complete": .array(acts.map { .string($0) }),
                    "checksums": checksums.isEmpty ? .null : .string(checksums),
                ], "forget": true,
            ])
            #expect(try await scene.roundTrip(Self.large, as: refusal), "\(refusal)")
            #expect(try scene.store.ask(["uploads": true])["uploads"] == 0)
            // Nothing was sent twice.
            #expect(try scene.seen("^PUT .*partNumber").count == 3, "\(refusal)")
        }
    }

    @Test("parts that the store knows by other tags than a proxy reported are completed by the store's own list")
    func listedParts() async throws {
        let scene = try StoreScene(quirks: ["etags": "random"])
        #expect(try await scene.roundTrip(Self.large, as: "large"))
        #expect(try scene.seen("^PUT .*partNumber").count == 3 && scene.seen("^GET .*uploadId").count == 1)
        #expect(try scene.store.ask(["uploads": true])["uploads"] == 0)
    }

    @Test("a completion that failed is an error that may be tried again, also where an older object is there")
    func failed() async throws {
        let scene = try StoreScene()
        let old = try scene.file(Self.large, seed: 7)
        try await scene.client.upload(.file(old), to: try scene.object("x"))
        for (act, code) in [
            ("gone", "NoSuchUpload"), ("lost-undone", nil), ("refuse:500:InternalError", "InternalError"),
        ] as [(String, String?)] {
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

    /// Sorted by their bytes: marks with combining characters behind them, and a letter that Unicode composes in two ways.
    private static let names = [
        "\u{301}x", "R&\u{301}B", "a", "b c", "b+c", "c<\u{301}d>\u{301};\u{301}&", "d%20e", "f%zz", "z", "z e\u{301}",
        "z \u{E9}",
    ]
    private static let inFolders = ["sub/1", "sub/2", "t/1"]

    @Test(
        "a list is whole, whatever the store makes of keys and pages",
        arguments: ["", "none"], ["", "no-token", "first-version"])
    func lists(_ encoding: String, _ truncation: String) async throws {
        let scene = try StoreScene()
        for name in Self.names + Self.inFolders { try scene.store.ask(["put": .string("p/\(name)")]) }
        let wanted = Self.names.map { "p/\($0)" }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for flag in ["", "none", "bare"] {
            for page in [1, 2, 7, 1000] {
                try scene.store.ask([
                    "quirks": [
                        "encoding": encoding.isEmpty ? .null : .string(encoding),
                        "truncation": truncation.isEmpty ? .null : .string(truncation),
                        "flag": flag.isEmpty ? .null : .string(flag), "page": .number(Double(page)),
                    ]
                ])
                let keys = try await scene.client.list(try scene.object("p"))
                #expect(keys.map { Array($0.utf8) } == wanted.map { Array($0.utf8) }, "\(flag) \(page)")
            }
        }
    }

    @Test("a list that is cut and never goes on is an error, not a short list")
    func loop() async throws {
        let scene = try StoreScene()
        for name in Self.names { try scene.store.ask(["put": .string("p/\(name)")]) }
        for flag: JSONValue in [.null, "none"] {
            try scene.store.ask(["quirks": ["truncation": "loop", "page": 2, "flag": flag]])
            let error = await #expect(throws: AWSError.self) { try await scene.client.list(try scene.object("p")) }
            #expect(error?.kind == .unavailable && error?.message.contains("s3://films/p: the list is cut") == true)
        }
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
        // Whether there is more is not reported: what is asked for next, and what an empty page says.
        for (text, name) in [
            (one + token, "continuation-token"), ("\(one)<NextMarker>p/5</NextMarker>", "start-after"),
            ("\(one)<IsTruncated/>", "start-after"), ("\(one)<MaxKeys>1</MaxKeys>", "start-after"),
            ("\(one)<Marker/><MaxKeys>1</MaxKeys>", "marker"), ("\(cut)\(one)<NextMarker/>", "start-after"),
            ("\(one)<IsTruncated> 1\n</IsTruncated>", "start-after"), ("\(one)<IsTruncated>0</IsTruncated>", nil),
            ("<MaxKeys>0</MaxKeys>", nil), ("", nil),
        ] as [(String, String?)] {
            var walk = ListWalk(prefix: "p/", page: 1000, name: "n")
            try walk.take(try page(text))
            #expect(walk.next?.name == name, "\(text)")
        }
        // A store that does not continue a page which is not full has no more.
        var short = ListWalk(prefix: "p/", page: 9, name: "n")
        for expected in ["start-after", "marker", nil] {
            try short.take(try page(one))
            #expect(short.next?.name == expected)
        }
    }
}
