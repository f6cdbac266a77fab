// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

@testable import HTTP

/// What one transfer sends and receives: parts of files, compressed bodies, silence, and headers that ask for a pause.
@Suite(.timeLimit(.minutes(2))) struct TransferTests {
    private let client = HTTPClient(environment: [:])

    private static func ok(_ body: String) -> LoopbackServer.Reply {
        .bytes("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    @Test
    func `the first-byte timeout ends a silent exchange but not a response that has begun`() async throws {
        let server = try await LoopbackServer { request in
            request.target == "/silent"
                ? .silence(nil) : .bytes("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhalf")
        }
        var request = HTTPRequest.get(server.url("/silent"))
        request.timeouts.firstByte = 0.2
        let silent = request
        let error = await #expect(throws: HTTPError.self) { try await client.send(silent) }
        #expect(error?.kind == .timeout && error?.message.contains("no response began within 0.2 s") == true)
        request.url = server.url("/")
        #expect(try await client.send(request).body == Data("half".utf8))
        try await server.stop()
    }

    @Test
    func `a range of a file is uploaded, and a download is written into the middle of a file`() async throws {
        let folder = TemporaryPath.new("part")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/file"
        try Data("0123456789".utf8).write(to: URL(filePath: path))
        let server = try await LoopbackServer { request in
            Self.ok(request.body.isEmpty ? "abc" : String(decoding: request.body, as: UTF8.self))
        }
        let upload = HTTPRequest("PUT", server.url("/"), body: .file(path, range: 3..<7))
        #expect(try await client.send(upload).body == Data("3456".utf8))
        _ = try await client.send(.get(server.url("/"), sink: .part(path, offset: 4, maximum: 3)))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "0123abc789")
        await #expect(throws: HTTPError.self) {
            try await client.send(.get(server.url("/"), sink: .part(path, offset: 0, maximum: 2)))
        }
        try await server.stop()
    }

    @Test
    func `a compressed body is decompressed, and the maximum applies to the decompressed size`() async throws {
        // 100,000 letters `a`, compressed by gzip.
        let compressed = try #require(Data(base64Encoded: Self.compressedLetters))
        let server = try await LoopbackServer { request in
            let headers = "Content-Encoding: gzip\r\nContent-Length: \(compressed.count)\r\n"
            guard request.head.lowercased().contains("accept-encoding: ") else { return Self.ok("plain") }
            return .raw(Array("HTTP/1.1 200 OK\r\n\(headers)\r\n".utf8) + compressed)
        }
        var request = HTTPRequest.get(server.url("/"))
        #expect(try await client.send(request).body == Data("plain".utf8))
        request.acceptsCompression = true
        #expect(try await client.send(request).body == Data(repeating: 97, count: 100_000))
        request.sink = .memory(maximum: 99_999)
        let bounded = request
        let error = await #expect(throws: HTTPError.self) { try await client.send(bounded) }
        #expect(error?.kind == .tooLarge)
        try await server.stop()
    }

    private static let compressedLetters =
        "H4sIAAAAAAACA+3BMQEAAADCoKzrX8IaHkABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAArwaH+uIboIYBAA=="

    @Test
    func `all forms of Retry-After are parsed`() {
        func seconds(_ headers: HTTPHeaders) -> Double? { HTTPResponse(status: 429, headers: headers).retryAfter }
        #expect(seconds(["retry-after-ms": "1500", "retry-after": "9"]) == 1.5)
        #expect(seconds(["retry-after": "20"]) == 20)
        #expect(seconds(["retry-after": "Fri, 24 May 2013 00:00:00 GMT"]) == 0)
        #expect(seconds(["retry-after": "Fri, 24 May 2199 00:00:00 GMT"]) == 2_592_000)
        #expect(seconds(["retry-after": "1e30"]) == 2_592_000 && seconds(["retry-after-ms": "1e30"]) == 2_592_000)
        #expect(seconds(["retry-after": "soon"]) == nil && seconds([:]) == nil)
        #expect(seconds(["retry-after": "-1"]) == nil && seconds(["retry-after": "inf"]) == nil)
        #expect(HTTPDate.seconds("Fri, 24 May 2013 00:00:00 GMT") == 1_369_353_600)
    }
}
