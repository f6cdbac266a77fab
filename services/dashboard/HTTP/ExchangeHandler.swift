import Artifacts
import Faults
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// One connection of a browser: collects a request within its bounds, has it answered, and writes the answer; files by `sendfile`.
final class ExchangeHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        /// No request, or its header is not whole yet.
        case waiting
        case collecting(WebRequest, BodyCollector, keepAlive: Bool)
        case answering
        /// The answer says that the connection ends; what still comes is not looked at.
        case ending
    }

    /// Bytes of a body that go out before the next ones are looked for.
    private static let piece = 524_288

    private let site: Site
    private let bounds: DashboardSettings.Bounds
    private var state = State.waiting
    private var clock: Scheduled<Void>?
    private var work: Task<Void, Never>?
    private var fileWatch: RepeatedTask?
    /// Whether an answer is written whose end waits until the client has read some of what was sent.
    private var isHeldBack = false

    init(_ site: Site, _ bounds: DashboardSettings.Bounds) {
        self.site = site
        self.bounds = bounds
    }

    func handlerAdded(context: ChannelHandlerContext) { restart(context, bounds.header) }

    func handlerRemoved(context: ChannelHandlerContext) { clock?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        clock?.cancel()
        fileWatch?.cancel()
        work?.cancel()
        if case .collecting(_, let collector, _) = state { collector.discard() }
        state = .ending
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .waiting): begin(head, context)
        case (.body(let bytes), .collecting(let request, let collector, _)):
            restart(context, bounds.body)
            do throws(ServiceError) {
                try collector.add(bytes)
            } catch {
                collector.discard()
                end(.failure(error), isHead: request.method == .HEAD, context)
            }
        case (.end, .collecting(var request, let collector, let keepAlive)):
            clock?.cancel()
            state = .answering
            do throws(ServiceError) {
                request.body = try collector.finished()
                answer(request, keepAlive: keepAlive, context)
            } catch {
                end(.failure(error), isHead: request.method == .HEAD, context)
            }
        default: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isHeldBack, context.channel.isWritable { release(context) }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error, state) {
        // An upgrade that is refused is answered as any other request.
        case (is NIOWebSocketUpgradeError, _): break
        // More of what could not be read already.
        case (is ByteToMessageDecoderError, _): break
        // The last answer is on its way, and the connection ends with it.
        case (_, .ending) where !(error is IOError): break
        case (let error as HTTPParserError, .waiting) where context.channel.isActive:
            end(Self.unreadable(error), isHead: false, context)
        case (let error as HTTPParserError, .collecting(_, let collector, _)) where context.channel.isActive:
            collector.discard()
            end(Self.unreadable(error), isHead: false, context)
        default: context.close(promise: nil)
        }
    }

    private static func unreadable(_ error: HTTPParserError) -> WebResponse {
        guard error == .headerOverflow else {
            return .failure(ServiceError(.invalidRequest, "this is no HTTP/1.1 request: \(error)"))
        }
        let limits = WebServer.limits
        let sizes = "\(limits.maxHeaderFieldCount) fields of \(limits.maxHeaderFieldSize) bytes each"
        var response = WebResponse.failure(
            ServiceError(
                .tooLarge, "the request's header is too large: it may have \(sizes), \(limits.maxHeaderListSize) in all"
            ))
        response.status = .requestHeaderFieldsTooLarge
        return response
    }

    // MARK: -

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        restart(context, bounds.body)
        var asked: WebRequest?
        do throws(ServiceError) {
            let request = try WebRequest(head)
            asked = request
            let plan = try site.admit(request)
            let length = head.headers.first(name: "content-length").flatMap { UInt64($0) }
            let collector = BodyCollector(plan)
            try collector.expect(Int(clamping: length ?? 0))
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
            }
            state = .collecting(request, collector, keepAlive: head.isKeepAlive)
        } catch {
            let response = asked.map { site.refusal(error, of: $0) } ?? .failure(error)
            end(response, isHead: head.method == .HEAD, context)
        }
    }

    private func answer(_ request: WebRequest, keepAlive: Bool, _ context: ChannelHandlerContext) {
        if let response = site.immediate(request) {
            return write(response, isHead: false, keepAlive: keepAlive, context)
        }
        let loop = context.eventLoop
        let this = NIOLoopBound((self, context), eventLoop: loop)
        work = Task { [site] in
            let response = await site.respond(to: request)
            loop.execute {
                let (handler, context) = this.value
                guard context.channel.isActive else { return }
                handler.write(response, isHead: request.method == .HEAD, keepAlive: keepAlive, context)
            }
        }
    }

    /// Answers, and ends the connection: more of the request may be on its way.
    private func end(_ response: WebResponse, isHead: Bool, _ context: ChannelHandlerContext) {
        state = .ending
        write(response, isHead: isHead, keepAlive: false, context)
    }

    private func write(_ response: WebResponse, isHead: Bool, keepAlive: Bool, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: response.status, headers: response.headers)
        var rest: Rest?
        let length: Int
        switch response.body {
        case .bytes(let bytes):
            length = bytes.count
            if !isHead, !bytes.isEmpty { rest = .bytes(ByteBuffer(bytes: bytes)) }
        case .pieces(let pieces): length = pieces.range.count
        case .file(let path, let range):
            length = Int(range.upperBound - range.lowerBound)
            if !isHead {
                guard let descriptor = try? RegularFile.descriptor(reading: path) else {
                    let gone = ServiceError(.notFound, "the file is gone")
                    return write(.failure(gone), isHead: isHead, keepAlive: keepAlive, context)
                }
                let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
                rest = .file(handle, Int(range.lowerBound)..<Int(range.upperBound))
                watch(handle, until: Int(range.upperBound), context)
            }
        }
        if response.status != .notModified, response.status != .noContent {
            head.headers.replaceOrAdd(name: "Content-Length", value: "\(length)")
        }
        if !keepAlive { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        SafetyHeaders.add(to: &head.headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if case .pieces(let pieces) = response.body, !isHead {
            return bring(pieces, keepAlive: keepAlive, context)
        }
        send(rest, keepAlive: keepAlive, context)
    }

    /// What of a body has still to go out.
    private enum Rest {
        case bytes(ByteBuffer)
        case file(NIOFileHandle, Range<Int>)

        /// Takes some off.
        mutating func next() -> (data: IOData, isLast: Bool)? {
            switch self {
            case .bytes(var bytes):
                guard let part = bytes.readSlice(length: min(bytes.readableBytes, ExchangeHandler.piece)) else {
                    return nil
                }
                self = .bytes(bytes)
                return (.byteBuffer(part), bytes.readableBytes == 0)
            case .file(let handle, let range):
                let part = range.prefix(ExchangeHandler.piece)
                self = .file(handle, part.endIndex..<range.endIndex)
                let region = FileRegion(fileHandle: handle, readerIndex: part.startIndex, endIndex: part.endIndex)
                return (.fileRegion(region), part.endIndex == range.endIndex)
            }
        }

        func close() {
            if case .file(let handle, _) = self { try? handle.close() }
        }
    }

    /// Ends the connection once a file is shorter than what was promised of it: what was cut off would be tried again and again.
    private func watch(_ handle: NIOFileHandle, until end: Int, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let file = NIOLoopBound(handle, eventLoop: context.eventLoop)
        fileWatch?.cancel()
        fileWatch = context.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { task in
            var status = stat()
            // Closed once all of it is sent.
            guard (try? file.value.withUnsafeFileDescriptor { fstat($0, &status) }) == 0 else { return task.cancel() }
            guard status.st_size < end else { return }
            task.cancel()
            channel.close(promise: nil)
        }
    }

    /// Sends a body piece by piece, so that one who takes none of it within the time is seen, and left.
    private func send(_ rest: Rest?, keepAlive: Bool, _ context: ChannelHandlerContext) {
        guard var rest, let (data, isLast) = rest.next() else { return finish(keepAlive: keepAlive, context) }
        let left = NIOLoopBound(rest, eventLoop: context.eventLoop)
        if isLast {
            context.write(wrapOutboundOut(.body(data))).whenComplete { _ in left.value.close() }
            return finish(keepAlive: keepAlive, context)
        }
        restart(context, bounds.idle)
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.body(data))).whenComplete { result in
            guard case .success = result else { return left.value.close() }
            // Others have their turn in between.
            this.value.1.eventLoop.execute {
                let (handler, context) = this.value
                handler.send(left.value, keepAlive: keepAlive, context)
            }
        }
    }

    private func finish(keepAlive: Bool, _ context: ChannelHandlerContext) {
        let channel = context.channel
        restart(context, bounds.idle)
        if keepAlive {
            context.flush()
            if context.channel.isWritable { return release(context) }
            isHeldBack = true
            return
        }
        state = .ending
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            let (handler, context) = this.value
            channel.close(mode: .output, promise: nil)
            // Who does not close its side after the last answer is left.
            if channel.isActive { handler.restart(context, handler.bounds.header) }
        }
    }

    /// Ends an answer, which brings the next request if that is here already: in a turn of its own, since each of a thousand requests
    /// in one packet would be answered on top of the stack of the one before, and only while the client reads, since its answers would
    /// fill the memory.
    private func release(_ context: ChannelHandlerContext) {
        isHeldBack = false
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.execute {
            let (handler, context) = this.value
            guard context.channel.isActive else { return }
            handler.state = .waiting
            context.writeAndFlush(handler.wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    /// A length was promised, so a failure can only end the connection.
    private func bring(_ pieces: Pieces, keepAlive: Bool, _ context: ChannelHandlerContext) {
        let (channel, loop) = (context.channel, context.eventLoop)
        let this = NIOLoopBound((self, context), eventLoop: loop)
        context.flush()
        work = Task { [bounds] in
            // trusted: a bounded setting
            let isWhole = await pieces.send(to: channel, within: .seconds(bounds.idle))
            loop.execute {
                let (handler, context) = this.value
                guard isWhole else { return context.close(promise: nil) }
                handler.finish(keepAlive: keepAlive, context)
            }
        }
    }

    /// Ends the connection unless it is called again within the time.
    private func restart(_ context: ChannelHandlerContext, _ seconds: Double) {
        clock?.cancel()
        let channel = context.channel
        // trusted: a bounded setting
        clock = context.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1000))) { channel.close(promise: nil) }
    }
}
