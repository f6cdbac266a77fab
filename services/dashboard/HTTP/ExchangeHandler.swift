// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Faults
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The HTTP exchanges of one connection: collects a request within its bounds, passes it to the site and writes the response; files by
/// `sendfile`.
final class ExchangeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        /// No request, or an incomplete header.
        case waiting
        case collecting(WebRequest, BodyCollector, keepAlive: Bool)
        case responding
        /// The response closes the connection; further input is ignored.
        case closing
    }

    /// Bytes of a body that are written at once.
    private static let writeSize = 524_288

    private let site: Site
    private let bounds: DashboardSettings.Bounds
    private var state = State.waiting
    /// Closes the connection.
    private var timeout: Scheduled<Void>?
    private var responseTask: Task<Void, Never>?
    private var truncationCheck: RepeatedTask?
    /// Whether a response is written but for its end, which waits until the client has read some of it.
    private var isEndDeferred = false

    init(_ site: Site, _ bounds: DashboardSettings.Bounds) {
        self.site = site
        self.bounds = bounds
    }

    func handlerAdded(context: ChannelHandlerContext) { restartTimeout(context, bounds.header) }

    func handlerRemoved(context: ChannelHandlerContext) { timeout?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timeout?.cancel()
        truncationCheck?.cancel()
        responseTask?.cancel()
        if case .collecting(_, let collector, _) = state { collector.discard() }
        state = .closing
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .waiting): begin(head, context)
        case (.body(let bytes), .collecting(let request, let collector, _)):
            restartTimeout(context, bounds.body)
            do throws(ServiceError) {
                try collector.add(bytes)
            } catch {
                collector.discard()
                close(with: .failure(error), isHead: request.method == .HEAD, context)
            }
        case (.end, .collecting(var request, let collector, let keepAlive)):
            timeout?.cancel()
            state = .responding
            request.body = collector.finish()
            respond(to: request, keepAlive: keepAlive, context)
        default: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isEndDeferred, context.channel.isWritable { writeEnd(context) }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error, state) {
        // A rejected upgrade is answered as an ordinary request.
        case (is NIOWebSocketUpgradeError, _): break
        // A consequence of an earlier parser error, which was answered.
        case (is ByteToMessageDecoderError, _): break
        // The last response is being written, and closes the connection.
        case (_, .closing) where !(error is IOError): break
        case (let error as HTTPParserError, .waiting) where context.channel.isActive:
            close(with: Self.failure(error), isHead: false, context)
        case (let error as HTTPParserError, .collecting(_, let collector, _)) where context.channel.isActive:
            collector.discard()
            close(with: Self.failure(error), isHead: false, context)
        default: context.close(promise: nil)
        }
    }

    private static func failure(_ error: HTTPParserError) -> WebResponse {
        guard error == .headerOverflow else {
            return .failure(ServiceError(.invalidRequest, "not a valid HTTP/1.1 request: \(error)"))
        }
        let limits = WebServer.limits
        let sizes = "\(limits.maxHeaderFieldCount) fields of \(limits.maxHeaderFieldSize) bytes each"
        var response = WebResponse.failure(
            ServiceError(
                .tooLarge,
                "the request's header is too large: the limit is \(sizes), \(limits.maxHeaderListSize) bytes in total"))
        response.status = .requestHeaderFieldsTooLarge
        return response
    }

    // MARK: - Requests

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        restartTimeout(context, bounds.body)
        let isHead = head.method == .HEAD
        do throws(ServiceError) {
            let request = try WebRequest(head)
            let plan: BodyCollector.Plan
            switch site.admit(request) {
            case .admitted(let admitted): plan = admitted
            case .refused(let response): return close(with: response, isHead: isHead, context)
            }
            let length = head.headers.first(name: "content-length").flatMap { UInt64($0) }
            let collector = BodyCollector(plan)
            try collector.expect(Int(clamping: length ?? 0))
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
            }
            state = .collecting(request, collector, keepAlive: head.isKeepAlive)
        } catch {
            close(with: .failure(error), isHead: isHead, context)
        }
    }

    private func respond(to request: WebRequest, keepAlive: Bool, _ context: ChannelHandlerContext) {
        if let response = site.immediateResponse(to: request) {
            return write(response, isHead: false, keepAlive: keepAlive, context)
        }
        let loop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        responseTask = Task { [site] in
            let response = await site.respond(to: request)
            loop.execute {
                let (handler, context) = bound.value
                guard context.channel.isActive else { return }
                handler.write(response, isHead: request.method == .HEAD, keepAlive: keepAlive, context)
            }
        }
    }

    /// Writes a response and closes the connection, since more of the request may follow.
    private func close(with response: WebResponse, isHead: Bool, _ context: ChannelHandlerContext) {
        state = .closing
        write(response, isHead: isHead, keepAlive: false, context)
    }

    // MARK: - Responses

    private func write(_ response: WebResponse, isHead: Bool, keepAlive: Bool, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: response.status, headers: response.headers)
        var body: PendingBody?
        let length: Int
        switch response.body {
        case .bytes(let bytes):
            length = bytes.count
            if !isHead, !bytes.isEmpty { body = .bytes(ByteBuffer(bytes: bytes)) }
        case .chunks(let chunks): length = chunks.range.count
        case .file(let path, let range):
            length = Int(range.upperBound - range.lowerBound)
            if !isHead {
                guard let descriptor = try? RegularFile.descriptor(reading: path) else {
                    let missing = ServiceError(.notFound, "the file no longer exists")
                    return write(.failure(missing), isHead: isHead, keepAlive: keepAlive, context)
                }
                let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
                body = .file(handle, Int(range.lowerBound)..<Int(range.upperBound))
                watchForTruncation(of: handle, until: Int(range.upperBound), context)
            }
        }
        if response.status != .notModified, response.status != .noContent {
            head.headers.replaceOrAdd(name: "Content-Length", value: "\(length)")
        }
        if !keepAlive { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        SecurityHeaders.add(to: &head.headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if case .chunks(let chunks) = response.body, !isHead {
            return send(chunks, keepAlive: keepAlive, context)
        }
        send(body, keepAlive: keepAlive, context)
    }

    /// The part of a body that has not been written yet.
    private enum PendingBody {
        case bytes(ByteBuffer)
        case file(NIOFileHandle, Range<Int>)

        /// Removes and returns the next bytes to write.
        mutating func next() -> (data: IOData, isLast: Bool)? {
            switch self {
            case .bytes(var bytes):
                let size = min(bytes.readableBytes, ExchangeHandler.writeSize)
                guard let part = bytes.readSlice(length: size) else { return nil }
                self = .bytes(bytes)
                return (.byteBuffer(part), bytes.readableBytes == 0)
            case .file(let handle, let range):
                let part = range.prefix(ExchangeHandler.writeSize)
                self = .file(handle, part.endIndex..<range.endIndex)
                let region = FileRegion(fileHandle: handle, readerIndex: part.startIndex, endIndex: part.endIndex)
                return (.fileRegion(region), part.endIndex == range.endIndex)
            }
        }

        func close() {
            if case .file(let handle, _) = self { try? handle.close() }
        }
    }

    /// Closes the connection if a file becomes shorter than announced: `sendfile` would retry the missing part for ever.
    private func watchForTruncation(of handle: NIOFileHandle, until end: Int, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let file = NIOLoopBound(handle, eventLoop: context.eventLoop)
        truncationCheck?.cancel()
        truncationCheck = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) {
            task in
            var status = stat()
            // The handle is closed once everything is sent.
            guard (try? file.value.withUnsafeFileDescriptor { fstat($0, &status) }) == 0 else { return task.cancel() }
            guard status.st_size < end else { return }
            task.cancel()
            channel.close(promise: nil)
        }
    }

    /// Sends a body in parts, so that the timeout closes the connection of a client that takes none of them.
    private func send(_ body: PendingBody?, keepAlive: Bool, _ context: ChannelHandlerContext) {
        guard var body, let (data, isLast) = body.next() else { return finish(keepAlive: keepAlive, context) }
        let rest = NIOLoopBound(body, eventLoop: context.eventLoop)
        if isLast {
            context.write(wrapOutboundOut(.body(data))).whenComplete { _ in rest.value.close() }
            return finish(keepAlive: keepAlive, context)
        }
        restartTimeout(context, bounds.idle)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.body(data))).whenComplete { result in
            guard case .success = result else { return rest.value.close() }
            // In a turn of its own, so that other connections of the loop get theirs.
            bound.value.1.eventLoop.execute {
                let (handler, context) = bound.value
                handler.send(rest.value, keepAlive: keepAlive, context)
            }
        }
    }

    private func finish(keepAlive: Bool, _ context: ChannelHandlerContext) {
        let channel = context.channel
        restartTimeout(context, bounds.idle)
        if keepAlive {
            context.flush()
            if context.channel.isWritable { return writeEnd(context) }
            isEndDeferred = true
            return
        }
        state = .closing
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            let (handler, context) = bound.value
            channel.close(mode: .output, promise: nil)
            // A client that does not close its side is disconnected.
            if channel.isActive { handler.restartTimeout(context, handler.bounds.header) }
        }
    }

    /// Ends a response, which makes NIO deliver the next pipelined request. This happens in a turn of its own, since otherwise each of a
    /// thousand requests in one packet would be answered on the stack of the previous one; and only while the client reads, since
    /// otherwise its responses would fill the memory.
    private func writeEnd(_ context: ChannelHandlerContext) {
        isEndDeferred = false
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            let (handler, context) = bound.value
            guard context.channel.isActive else { return }
            handler.state = .waiting
            context.writeAndFlush(handler.wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    /// Sends chunks as they are read. The length is announced already, so a failure can only close the connection.
    private func send(_ chunks: BodyChunks, keepAlive: Bool, _ context: ChannelHandlerContext) {
        let (channel, loop) = (context.channel, context.eventLoop)
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        context.flush()
        responseTask = Task { [bounds] in
            // trusted: a bounded setting
            let isComplete = await chunks.send(to: channel, timeout: .seconds(bounds.idle))
            loop.execute {
                let (handler, context) = bound.value
                guard isComplete else { return context.close(promise: nil) }
                handler.finish(keepAlive: keepAlive, context)
            }
        }
    }

    /// Closes the connection after some seconds, unless it is called again before.
    private func restartTimeout(_ context: ChannelHandlerContext, _ seconds: Double) {
        timeout?.cancel()
        let channel = context.channel
        // trusted: a bounded setting
        timeout = context.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1000))) {
            channel.close(promise: nil)
        }
    }
}
