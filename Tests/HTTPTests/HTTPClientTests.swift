import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import HTTP

/// Answers every request on a connection with the same bytes, and keeps what it was asked; silent where it has no answer.
private final class LoopbackServer: Sendable {
    let channel: any Channel
    let asked: AsyncStream<String>

    init(answer: String?) async throws {
        let (asked, input) = AsyncStream.makeStream(of: String.self)
        self.asked = asked
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answering(answer: answer, asked: input))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let answer: String?
        private let asked: AsyncStream<String>.Continuation

        init(answer: String?, asked: AsyncStream<String>.Continuation) {
            self.answer = answer
            self.asked = asked
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            asked.yield(String(buffer: unwrapInboundIn(data)))
            guard let answer else { return }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { asked.yield("gone") }
    }
}

@Suite struct HTTPClientTests {
    private let client = HTTPClient()

    @Test("status, headers and body come back, and headers and body go out as they are")
    func exchange() async throws {
        let server = try await LoopbackServer(
            answer: "HTTP/1.1 429 Slow Down\r\nRetry-After: 3 \r\nContent-Length: 5\r\n\r\nhello")
        var request = HTTPRequest("PUT", server.url + "/a%20b?x=1", headers: [("X-Key", "v")], body: Array("data".utf8))
        request.timeout = 20
        let response = try await client.send(request)
        #expect(response.status == 429)
        #expect(response.headers["retry-after"] == "3")
        #expect(response.body == Array("hello".utf8))
        var asked = server.asked.makeAsyncIterator()
        let text = try #require(await asked.next())
        #expect(text.hasPrefix("PUT /a%20b?x=1 HTTP/1.1\r\n"))
        #expect(text.contains("X-Key: v\r\n") && text.hasSuffix("data"))
        try await server.channel.close().get()
    }

    @Test("a body beyond its bound is cut off, a redirect is not followed, a body can go to a file")
    func bounds() async throws {
        let server = try await LoopbackServer(
            answer: "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 5\r\n\r\nhello")
        var request = HTTPRequest("GET", server.url)
        let path = NSTemporaryDirectory() + "us-http-\(UInt64.random(in: 0...UInt64.max))"
        request.destination = .file(path)
        let response = try await client.send(request)
        #expect(response.status == 302 && response.body.isEmpty)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "hello")
        try FileManager.default.removeItem(atPath: path)
        request.destination = .memory
        request.maximumBytes = 4
        let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(error?.kind == .tooLarge)
        try await server.channel.close().get()
    }

    @Test("silence is a timeout, and cancelling aborts the transfer")
    func silence() async throws {
        let server = try await LoopbackServer(answer: nil)
        var request = HTTPRequest("GET", server.url + "/x?key=secret")
        request.timeout = 0.2
        let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
        #expect(error?.kind == .timeout)
        #expect(error?.message.contains("secret") == false)
        request.timeout = 600
        let task = Task { [request] in try await client.send(request) }
        var asked = server.asked.makeAsyncIterator()
        var requests = 0
        while requests < 2, let line = await asked.next() { requests += line.hasPrefix("GET") ? 1 : 0 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        while let line = await asked.next(), line != "gone" {}
        try await server.channel.close().get()
    }

    @Test("nobody there, no URL and odd headers are errors that keep secrets")
    func faults() async throws {
        let nobody = await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest("GET", "http://user:pass@127.0.0.1:1/a?key=secret"))
        }
        #expect(nobody?.kind == .unreachable)
        #expect(nobody?.message.contains("pass") == false && nobody?.message.contains("127.0.0.1:1/a") == true)
        for url in ["ftp://127.0.0.1/x", "file:///etc/passwd", "nonsense"] {
            let error = await #expect(throws: HTTPError.self) { try await client.send(HTTPRequest("GET", url)) }
            #expect(error?.kind == .invalidRequest)
        }
        await #expect(throws: HTTPError.self) {
            try await client.send(HTTPRequest("GET", "http://127.0.0.1:1/", headers: [("X", "a\r\nB: c")]))
        }
    }
}
