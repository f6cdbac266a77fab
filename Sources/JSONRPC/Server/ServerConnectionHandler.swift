import Calls
import Faults
import FoundationEssentials
import JSON
import NIOCore

/// Bytes to calls and back, on the connection's event loop; async only at the method.
///
/// Writes made while a batch of bytes is being read, or by calls that end together, leave in one system call.
final class ServerConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// Calls of one connection that may run at a time; reading stops beyond, so that the peer waits.
    private static let maximumInFlight = 1024
    /// Bytes of replies that wait for the rest of their batches; reading stops beyond.
    private static let maximumHeld = 4 * 1024 * 1024
    /// Bytes that a progress report may have.
    private static let progressLimit = 64 * 1024

    private var framer: LineFramer
    private var machine: ServerConnectionMachine
    private let replyLimit: Int
    private let dispatcher: any Dispatcher
    private let peer: Peer
    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    private var calls: [ServerConnectionMachine.Token: RunningCall] = [:]
    private var isReading = false
    private var needsFlush = false
    private var flushIsScheduled = false
    private var holdsRead = false
    private var isTaking = false
    private var inputIsBroken = false
    /// The peer sends nothing more; lines that came before may still wait.
    private var inputHasEnded = false
    private var isGone = false

    init(dispatcher: any Dispatcher, peer: Peer, lineLimit: Int, replyLimit: Int, eventLoop: any EventLoop) {
        self.replyLimit = replyLimit
        machine = ServerConnectionMachine(replyLimit: replyLimit)
        self.eventLoop = eventLoop
        self.dispatcher = dispatcher
        self.peer = peer
        framer = LineFramer(limit: lineLimit)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !inputIsBroken else { return }
        isReading = true
        framer.append(unwrapInboundIn(data))
        takeLines()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flushIfNeeded()
    }

    func read(context: ChannelHandlerContext) {
        if canTake {
            context.read()
        } else {
            holdsRead = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        resumeReading()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            inputHasEnded = true
            takeLines()
            flushIfNeeded()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isGone = true
        inputHasEnded = true
        perform(machine.connectionClosed())
        takeLines()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Ends the calls that stream: the service is going away.
    func cancelStreams() {
        for running in calls.values where running.isStreaming { running.work.cancel() }
    }

    /// Takes no more requests, and closes as soon as every reply is out.
    func finishUp() {
        perform(machine.inputClosed())
        flushIfNeeded()
    }

    /// Breaks off: replies that wait to be sent are thrown away with the connection.
    private func drop() {
        inputIsBroken = true
        context?.close(promise: nil)
    }

    // MARK: - Reading

    /// Whether another line may be taken: the replies to those before it must not pile up.
    private var canTake: Bool {
        machine.inFlight < Self.maximumInFlight && machine.heldBytes < Self.maximumHeld
            && (isGone || context?.channel.isWritable != false)
    }

    /// Takes the lines that have come, as far as the bounds go; `resumeReading` takes the others.
    private func takeLines() {
        guard !isTaking, !inputIsBroken else { return }
        isTaking = true
        defer { isTaking = false }
        do {
            while canTake, !inputIsBroken {
                if let line = try framer.next() {
                    perform(machine.received(line))
                } else if inputHasEnded {
                    inputIsBroken = true
                    if let line = try? framer.rest() { perform(machine.received(line)) }
                    perform(machine.inputClosed())
                } else {
                    return
                }
            }
        } catch {
            inputIsBroken = true
            perform(machine.lineTooLong(limit: error.limit))
        }
    }

    // MARK: - Actions

    private func perform(_ actions: [ServerConnectionMachine.Action]) {
        for action in actions {
            switch action {
            case .start(let token, let id, let method, let params):
                start(token, id: id, method: method, params: params)
            case .cancel(let token):
                calls[token]?.call.cancelByCaller()
                calls[token]?.work.cancel()
            case .abandon(let token):
                calls[token]?.work.cancel()
            case .write(let bytes):
                write(bytes, promise: nil)
            case .close:
                flushIfNeeded(force: true)
                guard let context else { break }
                // The last bytes are on their way before the promise of this empty write comes true.
                let channel = context.channel
                context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
            }
        }
    }

    private func start(_ token: ServerConnectionMachine.Token, id: RPCID?, method: String, params: ByteBuffer?) {
        let controls: CallControls
        do {
            controls = try CallControls(params: params)
        } catch {
            finish(token, Wire.failure(id: id ?? .null, error))
            return
        }
        let loop = eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        var deadline: ContinuousClock.Instant?
        var expiry: Scheduled<Void>?
        if let milliseconds = controls.deadline {
            deadline = .now + .milliseconds(milliseconds)
            expiry = loop.scheduleTask(in: .milliseconds(milliseconds)) {
                bound.value.deadlinePassed(token, id: id)
            }
        }
        let call = Call(
            id: id, method: method, peer: peer, deadline: deadline, wantsProgress: controls.wantsProgress,
            params: params, jobID: controls.jobID, trace: controls.trace,
            port: Port(token: token, loop: loop, handler: bound))
        let dispatcher = self.dispatcher
        let work = Task {
            let body: ByteBuffer
            do throws(ServiceError) {
                body = Wire.result(id: id ?? .null, try await dispatcher.answer(call))
            } catch {
                body = Wire.failure(id: id ?? .null, error)
            }
            loop.execute { bound.value.finish(token, body) }
        }
        calls[token] = RunningCall(call: call, work: work, expiry: expiry)
    }

    private func finish(_ token: ServerConnectionMachine.Token, _ body: ByteBuffer) {
        calls.removeValue(forKey: token)?.expiry?.cancel()
        perform(machine.finished(token, reply: body, waiting: waitingBytes))
        scheduleFlush()
        resumeReading()
    }

    private func deadlinePassed(_ token: ServerConnectionMachine.Token, id: RPCID?) {
        guard let running = calls[token] else { return }
        // The caller is told at once; the work stops as soon as it notices.
        running.work.cancel()
        finish(token, Wire.failure(id: id ?? .null, ServiceError(.timeout, "the call's deadline passed")))
    }

    /// Forwards from a call's task to the event loop of its connection.
    private struct Port: CallPort {
        let token: ServerConnectionMachine.Token
        let loop: any EventLoop
        let handler: NIOLoopBound<ServerConnectionHandler>

        func progress(_ report: ProgressReport) {
            loop.execute { handler.value.progress(token, report) }
        }

        func reply(_ body: ByteBuffer) async throws {
            try await loop.flatSubmit { handler.value.sendReply(token, body) }.get()
        }

        func notify(_ line: ByteBuffer) async throws {
            try await loop.flatSubmit { handler.value.send(line, for: token) }.get()
        }

        func drop() {
            loop.execute { handler.value.drop() }
        }
    }

    // MARK: - Sending

    private func progress(_ token: ServerConnectionMachine.Token, _ report: ProgressReport) {
        // A peer that does not read gets the reply in the end, and no reports before it.
        guard let context, context.channel.isWritable, machine.owesReply(token) else { return }
        let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
        switch calls[token]?.progress.offer(report, at: now) {
        case .pass?:
            sendProgress(token, report)
        case .replace?, nil:
            break
        case .wait(let until)?:
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(deadline: .uptimeNanoseconds(UInt64(clamping: until))) {
                let handler = bound.value
                let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
                guard handler.machine.owesReply(token), let report = handler.calls[token]?.progress.due(at: now) else {
                    return
                }
                handler.sendProgress(token, report)
            }
        }
    }

    private func sendProgress(_ token: ServerConnectionMachine.Token, _ report: ProgressReport) {
        guard let id = machine.id(of: token), var members = try? JSONCoding.encode(report.members) else { return }
        if members.count > Self.progressLimit {
            let plain = ProgressReport(fraction: report.fraction, message: report.message)
            guard let encoded = try? JSONCoding.encode(plain.members) else { return }
            members = encoded
        }
        // The id is written as the caller wrote it.
        let params = Array("{\"id\":\(id.json),".utf8) + members.dropFirst()
        write(Wire.notification(method: SystemMethod.progress.rawValue, params: params), promise: nil)
        scheduleFlush()
    }

    private func sendReply(_ token: ServerConnectionMachine.Token, _ body: ByteBuffer) -> EventLoopFuture<Void> {
        guard let context else { return lost }
        calls[token]?.isStreaming = true
        calls[token]?.expiry?.cancel()
        calls[token]?.expiry = nil
        perform(machine.replied(token, reply: body, waiting: waitingBytes))
        context.flush()
        return context.eventLoop.makeSucceededVoidFuture()
    }

    private func send(_ bytes: ByteBuffer, for token: ServerConnectionMachine.Token) -> EventLoopFuture<Void> {
        guard let context, machine.isRunning(token) else { return lost }
        guard bytes.readableBytes <= replyLimit else {
            let reason = "the notification has \(bytes.readableBytes) bytes, a line has at most \(replyLimit)"
            return eventLoop.makeFailedFuture(ServiceError(.tooLarge, reason))
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        write(bytes, promise: promise)
        scheduleFlush()
        return promise.futureResult
    }

    /// Bytes that the peer has not taken.
    private var waitingBytes: Int {
        guard let channel = context?.channel, !channel.isWritable else { return 0 }
        return (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    private var lost: EventLoopFuture<Void> {
        eventLoop.makeFailedFuture(ServiceError(.unavailable, "the connection is gone"))
    }

    private func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ServiceError(.unavailable, "the connection is gone"))
            return
        }
        context.write(wrapOutboundOut(bytes), promise: promise)
        needsFlush = true
    }

    private func flushIfNeeded(force: Bool = false) {
        guard needsFlush, force || !isReading else { return }
        needsFlush = false
        context?.flush()
    }

    private func scheduleFlush() {
        guard let context, needsFlush, !isReading, !flushIsScheduled else { return }
        flushIsScheduled = true
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute {
            bound.value.flushIsScheduled = false
            bound.value.flushIfNeeded()
        }
    }

    private func resumeReading() {
        takeLines()
        scheduleFlush()
        guard holdsRead, canTake else { return }
        holdsRead = false
        context?.read()
    }
}
