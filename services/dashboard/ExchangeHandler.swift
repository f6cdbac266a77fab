import FoundationEssentials
import Glibc
import JSONRPC
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

    private let site: Site
    private let bounds: DashboardSettings.Bounds
    private var state = State.waiting
    private var clock: Scheduled<Void>?
    private var work: Task<Void, Never>?

    init(_ site: Site, _ bounds: DashboardSettings.Bounds) {
        self.site = site
        self.bounds = bounds
    }

    func handlerAdded(context: ChannelHandlerContext) { restart(context, bounds.header) }

    func handlerRemoved(context: ChannelHandlerContext) { clock?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        clock?.cancel()
        work?.cancel()
        if case .collecting(_, let collector, _) = state { collector.discard() }
        state = .ending
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .waiting): begin(head, context)
        case (.body(let bytes), .collecting(_, let collector, _)):
            restart(context, bounds.body)
            do throws(ServiceError) {
                try collector.add(bytes)
            } catch {
                collector.discard()
                end(.failure(error), context)
            }
        case (.end, .collecting(var request, let collector, let keepAlive)):
            clock?.cancel()
            state = .answering
            do throws(ServiceError) {
                request.body = try collector.finished()
                answer(request, keepAlive: keepAlive, context)
            } catch {
                end(.failure(error), context)
            }
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An upgrade that is refused is answered as any other request.
        if error is NIOWebSocketUpgradeError { return }
        context.close(promise: nil)
    }

    // MARK: -

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        restart(context, bounds.body)
        do throws(ServiceError) {
            let request = try WebRequest(head)
            try site.gate.checkHost(head.headers)
            let plan = try site.body(of: request)
            let length = head.headers.first(name: "content-length").flatMap { Int($0) }
            let collector = BodyCollector(plan)
            try collector.expect(length ?? 0)
            if head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
            }
            state = .collecting(request, collector, keepAlive: head.isKeepAlive)
        } catch {
            end(.failure(error), context)
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
    private func end(_ response: WebResponse, _ context: ChannelHandlerContext) {
        state = .ending
        write(response, isHead: false, keepAlive: false, context)
    }

    private func write(_ response: WebResponse, isHead: Bool, keepAlive: Bool, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: response.status, headers: response.headers)
        var region: FileRegion?
        let length: Int
        switch response.body {
        case .bytes(let bytes): length = bytes.count
        case .pieces(let pieces): length = pieces.range.count
        case .file(let path, let range):
            length = Int(range.upperBound - range.lowerBound)
            if !isHead {
                let descriptor = open(path, O_RDONLY | O_CLOEXEC)
                guard descriptor >= 0 else {
                    let gone = ServiceError(.notFound, "the file is gone")
                    return write(.failure(gone), isHead: isHead, keepAlive: keepAlive, context)
                }
                region = FileRegion(
                    fileHandle: NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor),
                    readerIndex: Int(range.lowerBound), endIndex: Int(range.upperBound))
            }
        }
        if response.status != .notModified, response.status != .noContent {
            head.headers.replaceOrAdd(name: "Content-Length", value: "\(length)")
        }
        if !keepAlive { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        SafetyHeaders.add(to: &head.headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let region {
            context.write(wrapOutboundOut(.body(.fileRegion(region)))).whenComplete { _ in
                try? region.fileHandle.close()
            }
        } else if case .bytes(let bytes) = response.body, !isHead, !bytes.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }
        if case .pieces(let pieces) = response.body, !isHead {
            return bring(pieces, keepAlive: keepAlive, context)
        }
        finish(keepAlive: keepAlive, context)
    }

    private func finish(keepAlive: Bool, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            guard keepAlive else { return channel.close(mode: .output, promise: nil) }
            let (handler, context) = this.value
            handler.state = .waiting
            handler.restart(context, handler.bounds.idle)
        }
        // Who does not close its side after the last answer is left.
        if !keepAlive { restart(context, bounds.header) }
    }

    /// A length was promised, so a failure can only end the connection.
    private func bring(_ pieces: Pieces, keepAlive: Bool, _ context: ChannelHandlerContext) {
        let (channel, loop) = (context.channel, context.eventLoop)
        let this = NIOLoopBound((self, context), eventLoop: loop)
        context.flush()
        work = Task {
            let isWhole = await pieces.send(to: channel)
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
        clock = context.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1000))) { channel.close(promise: nil) }
    }
}
