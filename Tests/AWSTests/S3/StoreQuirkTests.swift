// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import HTTP
import JSON
import StandIns
import Testing

@testable import AWS

/// Stores and proxies that rewrite ETags, ignore ranges, lose responses and truncate lists.
@Suite(.timeLimit(.minutes(5))) struct StoreQuirkTests {
    private static let large = 2 * S3TestStore.part + 1000

    // MARK: - ETags

    @Test(arguments: ["weak", "unquoted", "none", "suffix", "br", "weak-br", "random"])
    func `objects are read and verified with any rewriting of ETags`(_ quirk: String) async throws {
        let testStore = try S3TestStore(quirks: ["etags": .string(quirk)])
        for (key, size) in [("small", 1000), ("large", Self.large)] {
            #expect(try await testStore.roundTrip(size, as: key))
            let info = try #require(try await testStore.client.info(try testStore.object(key)))
            #expect(try await testStore.client.read(try testStore.object(key), range: 5..<15, of: info).count == 10)
            try testStore.store.send(["flip": .string(key)])
            let error = await #expect(throws: AWSError.self) {
                try await testStore.client.download(try testStore.object(key), to: "\(testStore.folder)/flipped")
            }
            #expect(error?.kind == .corruptMedia)
        }
    }

    @Test(arguments: ["weak", "unquoted", "none", "suffix", "br", "weak-br", "random"])
    func `objects of other tools, which have no hash, are read with any rewriting of ETags`(_ quirk: String)
        async throws
    {
        let testStore = try S3TestStore(quirks: ["etags": .string(quirk)])
        for size in [1000, Self.large] {
            let (path, object) = (try testStore.file(size), try testStore.object("voice-\(size)"))
            try testStore.store.send(["put": .string(object.key), "file": .string(path)])
            let info = try #require(try await testStore.client.info(object))
            for _ in 0..<2 {
                _ = try await testStore.client.download(object, info, to: "\(testStore.folder)/copy")
                #expect(FileManager.default.contentsEqual(atPath: path, andPath: "\(testStore.folder)/copy"))
            }
            #expect(try await testStore.client.read(object, range: 5..<15, of: info).count == 10)
            // A different object with the same key is detected.
            try testStore.store.send(["put": .string(object.key), "file": .string(try testStore.file(size + 1))])
            await #expect(throws: AWSError.self) {
                try await testStore.client.download(object, info, to: "\(testStore.folder)/copy")
            }
            await #expect(throws: AWSError.self) { try await testStore.client.read(object, range: 5..<15, of: info) }
        }
    }

    @Test
    func `states are compared by hash, otherwise by checksum, ETag or modification time`() {
        func info(_ headers: HTTPHeaders) -> S3Client.ObjectInfo {
            S3Client.ObjectInfo(HTTPResponse(status: 200, headers: headers), size: 1)
        }
        let (one, two) = (String(repeating: "1", count: 64), String(repeating: "2", count: 64))
        func hash(_ digits: String, _ eTag: String) -> S3Client.ObjectInfo {
            info([S3Hash.header: digits, "etag": eTag])
        }
        func checksum(_ text: String, _ eTag: String) -> S3Client.ObjectInfo {
            info(["x-amz-checksum-sha256": text, "etag": eTag])
        }
        #expect(hash(one, "\"a\"").isSame(as: hash(one, "\"b\"")) && !hash(one, "\"a\"").isSame(as: hash(two, "\"a\"")))
        #expect(
            checksum("AA==", "\"a\"").isSame(as: checksum("AA==", "\"b\""))
                && !checksum("AA==", "\"a\"").isSame(as: checksum("AB==", "\"a\"")))
        // Checksums of the whole object and of its parts are not comparable.
        #expect(checksum("AA==-2", "\"a\"").isSame(as: checksum("AB==", "\"a\"")))
        #expect(info(["etag": "\"a\""]).isSame(as: info(["etag": "W/\"a\""])))
        #expect(!info(["etag": "\"a\""]).isSame(as: info(["etag": "\"b\""])))
        #expect(info(["etag": "\"a\""]).isSame(as: info(["etag": "\"b\""]), comparingETags: false))
    }

    @Test
    func `an endpoint that rejects its own ETag no longer receives conditions`() async throws {
        let testStore = try S3TestStore(quirks: ["conditions": "refuse"])
        #expect(try await testStore.roundTrip(1000, as: "a"))
        #expect(try await testStore.roundTrip(Self.large, as: "b"))
        #expect(try testStore.seen("GET .*if-match").count == 1)
    }

    @Test
    func `an object that changes between two requests is a conflict, with any ETags`() async throws {
        for quirks: JSONValue in [
            [:], ["etags": "weak"], ["etags": "unquoted"], ["etags": "br"], ["etags": "random"],
        ] {
            let testStore = try S3TestStore(quirks: quirks)
            let object = try testStore.object("x")
            try await testStore.client.upload(.bytes(Data("one".utf8)), to: object)
            let info = try #require(try await testStore.client.info(object))
            try await testStore.client.upload(.bytes(Data("two".utf8)), to: object)
            let error = await #expect(throws: AWSError.self) {
                try await testStore.client.download(object, info, to: "\(testStore.folder)/x")
            }
            #expect(error?.kind == .conflict)
        }
    }

    @Test
    func `the opaque value of an ETag ignores the changes of proxies`() {
        for text in ["\"abc-2\"", "W/\"abc-2\"", "w/\"abc-2\"", "abc-2", "\"abc-2-gzip\""] {
            #expect(ETag(text).value == "abc-2" && ETag(text).parts == 2)
        }
        #expect(ETag("\"a\"").condition == "\"a\"" && ETag("W/\"a\"").condition == nil)
        #expect(ETag("a").condition == nil && ETag("").condition == nil && ETag("\"\"").condition == nil)
        #expect(ETag("W/\"a\"").stored == "\"a\"" && ETag("a").stored == "a" && ETag(nil).value.isEmpty)
    }

    // MARK: - Ranges and parts

    @Test
    func `files and ranges are read correctly from a server that ignores ranges`() async throws {
        let testStore = try S3TestStore(quirks: ["ranges": "ignore"])
        #expect(try await testStore.roundTrip(Self.large, as: "large"))
        let path = try testStore.file(Self.large)
        let bytes = try Data(contentsOf: URL(filePath: path))
        let object = try testStore.object("large")
        for range in [
            0..<10, 7..<17, Self.large - 5..<Self.large, Self.large - 5..<Self.large + 5, 100_000..<120_000,
        ] {
            let part = try await testStore.client.read(object, range: range)
            #expect(part == bytes.subdata(in: range.clamped(to: 0..<Self.large)))
        }
        #expect(testStore.client.ignoresRangeRequests)
        // Detected by the first requests, which are concurrent.
        #expect(try testStore.seen("^GET /films/large").count <= 10)
        try testStore.store.send(["quirks": ["ranges": "shift"]])
        S3Features.reset(endpoint: testStore.store.url)
        let error = await #expect(throws: AWSError.self) {
            try await testStore.client([:]).read(object, range: 7..<17)
        }
        #expect(error?.kind == .corruptMedia)
    }

    @Test(arguments: [400, 403, 405, 501, 500])
    func `a rejected partNumber request disables only the verification`(_ status: Int) async throws {
        let testStore = try S3TestStore(
            "s3", ["AWS_MAX_ATTEMPTS": "1"], quirks: ["part_number": .number(Double(status))])
        #expect(try await testStore.roundTrip(Self.large, as: "large"))
        #expect(try await testStore.roundTrip(Self.large, as: "again"))
        #expect(try testStore.seen("HEAD .*partNumber").count == (status == 500 ? 2 : 1))
    }

    @Test
    func `a truncated response without Content-Length is detected`() async throws {
        let testStore = try S3TestStore(quirks: ["lengths": "none"])
        #expect(try await testStore.roundTrip(1000, as: "x"))
        let info = try #require(try await testStore.client.info(try testStore.object("x")))
        try testStore.store.send(["put": "x", "body": "short"])
        await #expect(throws: AWSError.self) {
            try await testStore.client.download(try testStore.object("x"), info, to: "\(testStore.folder)/x")
        }
    }

    @Test
    func `the size of an object comes from a range request if HEAD reports no length`() async throws {
        let testStore = try S3TestStore(quirks: ["lengths": "none-of-head"])
        for size in [0, 1, 1000, 3 * S3TestStore.part] {
            #expect(try await testStore.roundTrip(size, as: "x"), "\(size)")
            #expect(try await testStore.client.info(try testStore.object("x"))?.size == size)
        }
        try testStore.store.send(["quirks": ["lengths": "none-of-head", "ranges": "ignore"]])
        let unknown = await #expect(throws: AWSError.self) {
            try await testStore.client.info(try testStore.object("x"))
        }
        #expect(unknown?.message.contains("neither Content-Length nor Content-Range") == true)
    }

    // MARK: - Completions

    @Test(arguments: ["lost", "500", "error"], ["", "refuse", "ignore"])
    func `a completed upload is found after its response was lost or reported an error`(
        _ outcome: String, _ checksums: String
    ) async throws {
        let testStore = try S3TestStore(quirks: [:])
        var rejections = ["404:NoSuchUpload", "400:InvalidPart", "403:AccessDenied"]
        if checksums.isEmpty {
            rejections += [
                "400:InvalidRequest", "405:MethodNotAllowed", "409:OperationAborted", "412:PreconditionFailed",
                "410:Gone",
            ]
        }
        for rejection in rejections {
            // Every retry is rejected because the upload no longer exists.
            let outcomes = [outcome] + Array(repeating: "refuse:\(rejection)", count: 4)
            S3Features.reset(endpoint: testStore.store.url)
            try testStore.store.send([
                "quirks": [
                    "complete": .array(outcomes.map { .string($0) }),
                    "checksums": checksums.isEmpty ? .null : .string(checksums),
                ], "forget": true,
            ])
            #expect(try await testStore.roundTrip(Self.large, as: rejection), "\(rejection)")
            #expect(try testStore.store.send(["uploads": true])["uploads"] == 0)
            // No part was uploaded twice.
            #expect(try testStore.seen("^PUT .*partNumber").count == 3, "\(rejection)")
        }
    }

    @Test
    func `an upload with rewritten part ETags is completed with the store's own list of parts`() async throws {
        let testStore = try S3TestStore(quirks: ["etags": "random"])
        #expect(try await testStore.roundTrip(Self.large, as: "large"))
        #expect(try testStore.seen("^PUT .*partNumber").count == 3 && testStore.seen("^GET .*uploadId").count == 1)
        #expect(try testStore.store.send(["uploads": true])["uploads"] == 0)
    }

    @Test
    func `a failed completion is a retryable error, even if an older object exists`() async throws {
        let testStore = try S3TestStore()
        let old = try testStore.file(Self.large, seed: 7)
        try await testStore.client.upload(.file(old), to: try testStore.object("x"))
        for (outcome, code) in [
            ("gone", "NoSuchUpload"), ("lost-undone", nil), ("refuse:500:InternalError", "InternalError"),
        ] as [(String, String?)] {
            try testStore.store.send(["quirks": ["complete": .array(Array(repeating: .string(outcome), count: 9))]])
            let error = await #expect(throws: AWSError.self) {
                try await testStore.client.upload(.file(try testStore.file(Self.large)), to: try testStore.object("x"))
            }
            #expect(error?.retryable == true && error?.code == code)
            #expect(try testStore.store.send(["uploads": true])["uploads"] == 0)
        }
        try testStore.store.send(["quirks": [:]])
        _ = try await testStore.client.download(try testStore.object("x"), to: "\(testStore.folder)/copy")
        #expect(FileManager.default.contentsEqual(atPath: old, andPath: "\(testStore.folder)/copy"))
    }

    // MARK: - Lists

    /// Delimiters followed by combining characters, and a letter in two Unicode normalization forms.
    private static let names = [
        "\u{301}x", "R&\u{301}B", "a", "b c", "b+c", "c<\u{301}d>\u{301};\u{301}&", "d%20e", "f%zz", "z", "z e\u{301}",
        "z \u{E9}",
    ]
    private static let inFolders = ["sub/1", "sub/2", "t/1"]

    @Test(arguments: ["", "none"], ["", "no-token", "first-version"])
    func `lists are complete for any encoding of keys and any pagination`(_ encoding: String, _ truncation: String)
        async throws
    {
        let testStore = try S3TestStore()
        for name in Self.names + Self.inFolders { try testStore.store.send(["put": .string("p/\(name)")]) }
        let expected = Self.names.map { "p/\($0)" }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for flag in ["", "none", "bare"] {
            for page in [1, 2, 7, 1000] {
                try testStore.store.send([
                    "quirks": [
                        "encoding": encoding.isEmpty ? .null : .string(encoding),
                        "truncation": truncation.isEmpty ? .null : .string(truncation),
                        "flag": flag.isEmpty ? .null : .string(flag), "page": .number(Double(page)),
                    ]
                ])
                let keys = try await testStore.client.list(try testStore.object("p"))
                #expect(keys.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(flag) \(page)")
            }
        }
    }

    @Test
    func `a truncated list that is never continued is an error, not a short list`() async throws {
        let testStore = try S3TestStore()
        for name in Self.names { try testStore.store.send(["put": .string("p/\(name)")]) }
        for flag: JSONValue in [.null, "none"] {
            try testStore.store.send(["quirks": ["truncation": "loop", "page": 2, "flag": flag]])
            let error = await #expect(throws: AWSError.self) {
                try await testStore.client.list(try testStore.object("p"))
            }
            #expect(
                error?.kind == .unavailable && error?.message.contains("s3://films/p: the list is truncated") == true)
        }
    }

    @Test
    func `pages of a list select the parameter for the next page`() throws {
        func page(_ text: String) throws -> XMLElement {
            try #require(XMLElement(document: Data("<ListBucketResult>\(text)</ListBucketResult>".utf8)))
        }
        let one = "<Contents><Key>p/1</Key></Contents>"
        var pagination = ListPagination(prefix: "p/", pageSize: 1, name: "n")
        // A full page that does not report whether it is the last one.
        try pagination.addPage(try page(one))
        #expect(pagination.nextPage?.name == "start-after" && pagination.nextPage?.value == "p/1")
        try pagination.addPage(try page("<IsTruncated>False</IsTruncated>"))
        #expect(pagination.nextPage == nil && pagination.keys == ["p/1"])
        let truncated = "<IsTruncated>True</IsTruncated>"
        #expect(throws: AWSError.self) { try pagination.addPage(try page("\(truncated)")) }
        #expect(throws: AWSError.self) { try pagination.addPage(try page("<Contents><Size>1</Size></Contents>")) }
        var tokens = ListPagination(prefix: "p/", pageSize: 9, name: "n")
        let token = "<NextContinuationToken>t</NextContinuationToken>"
        try tokens.addPage(try page("\(one)\(truncated)\(token)"))
        #expect(tokens.nextPage?.value == "t")
        #expect(throws: AWSError.self) { try tokens.addPage(try page("\(one)\(truncated)\(token)")) }
        // Pages that do not report truncation.
        for (text, name) in [
            (one + token, "continuation-token"), ("\(one)<NextMarker>p/5</NextMarker>", "start-after"),
            ("\(one)<IsTruncated/>", "start-after"), ("\(one)<MaxKeys>1</MaxKeys>", "start-after"),
            ("\(one)<Marker/><MaxKeys>1</MaxKeys>", "marker"), ("\(truncated)\(one)<NextMarker/>", "start-after"),
            ("\(one)<IsTruncated> 1\n</IsTruncated>", "start-after"), ("\(one)<IsTruncated>0</IsTruncated>", nil),
            ("<MaxKeys>0</MaxKeys>", nil), ("", nil),
        ] as [(String, String?)] {
            var pagination = ListPagination(prefix: "p/", pageSize: 1000, name: "n")
            try pagination.addPage(try page(text))
            #expect(pagination.nextPage?.name == name, "\(text)")
        }
        // A list is complete if the store does not continue a page that is not full.
        var short = ListPagination(prefix: "p/", pageSize: 9, name: "n")
        for expected in ["start-after", "marker", nil] {
            try short.addPage(try page(one))
            #expect(short.nextPage?.name == expected)
        }
    }
}
