// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import FoundationEssentials
import JSON
import NIOCore

/// Reads requests from a connection, runs them and writes their replies. Runs on the connection's event loop; only methods are async.
///
/// Writes made during one read, or by calls that end together, are flushed with one system call.
final class ServerConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// The maximum number of concurrent calls of one connection; reading pauses beyond it, so that the peer waits.
    private static let maximumInFlight = 1024
    /// The maximum bytes of replies that wait for the rest of their batches; reading pauses beyond it.
    private static let maximumBatched = 4 * 1024 * 1024
    /// The maximum bytes of the parameters of a light call that begins on the event loop: decoding more would delay other connections.
    private static let lightParams = 128 * 1024
    /// The maximum bytes of a progress report.
    private static let progressLimit = 64 * 1024

    private var framer: LineFramer
    private var machine: ServerConnectionMachine
    private let replyLimit: Int
    private let dispatcher: any Dispatcher
    private let peer: Peer
    private let eventLoop: any EventLoop
    /// The number of the connection, which no other connection of the server has.
    var number = 0
    private let observer: (any LineObserver)?
    private var context: ChannelHandlerContext?
    private var calls: [ServerConnectionMachine.Token: RunningCall] = [:]
    private var isReading = false
    private var needsFlush = false
    private var flushIsScheduled = false
    /// Whether a `read` was deferred because of backpressure.
    private var hasDeferredRead = false
    private var isProcessingLines = false
    private var ignoresInput = false
    /// Whether the peer sends nothing more; lines received before may still be queued.
    private var inputHasEnded = false
    private var isDisconnected = false

    init(
        dispatcher: any Dispatcher, peer: Peer, lineLimit: Int, replyLimit: Int, eventLoop: any EventLoop,
        observer: (any LineObserver)?
    ) {
        self.observer = observer
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
        guard !ignoresInput else { return }
        isReading = true
        framer.append(unwrapInboundIn(data))
        processLines()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flushIfNeeded()
    }

    func read(context: ChannelHandlerContext) {
        if canAcceptLine {
            context.read()
        } else {
            hasDeferredRead = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        resumeReading()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            inputHasEnded = true
            processLines()
            flushIfNeeded()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isDisconnected = true
        inputHasEnded = true
        perform(machine.connectionClosed())
        processLines()
        observe { .closed }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Cancels streaming calls, since the service is stopping.
    func cancelStreams() {
        for running in calls.values where running.isStreaming { running.work.cancel() }
    }

    /// Accepts no more requests, and closes the connection once all replies are sent.
    func closeAfterReplies() {
        perform(machine.inputClosed())
        flushIfNeeded()
    }

    /// Closes the connection immediately and discards unsent replies.
    private func drop() {
        ignoresInput = true
        context?.close(promise: nil)
    }

    // MARK: - Reading

    /// Whether another line may be processed; otherwise replies would accumulate.
    private var canAcceptLine: Bool {
        machine.inFlight < Self.maximumInFlight && machine.batchedBytes < Self.maximumBatched
            && (isDisconnected || context?.channel.isWritable != false)
    }

    /// Processes received lines within the limits; `resumeReading` processes the others later.
    private func processLines() {
        guard !isProcessingLines, !ignoresInput else { return }
        isProcessingLines = true
        defer { isProcessingLines = false }
        do {
            while canAcceptLine, !ignoresInput {
                if let line = try framer.next() {
                    received(line)
                } else if inputHasEnded {
                    ignoresInput = true
                    if let line = try? framer.rest() { received(line) }
                    perform(machine.inputClosed())
                } else {
                    return
                }
            }
        } catch {
            ignoresInput = true
            perform(machine.lineTooLong(limit: error.limit))
        }
    }

    private func received(_ line: ByteBuffer) {
        observe { .received(line) }
        perform(machine.received(line))
    }

    // MARK: - Observation

    private func observe(_ kind: () -> LineEvent.Kind) {
        guard let observer, observer.isObserving else { return }
        observer.observed(LineEvent(connection: number, peer: peer, kind: kind()))
    }

    /// The calls that have not ended.
    func unfinishedRequests() -> UnfinishedRequests {
        let requests = calls.sorted { $0.key < $1.key }.map { _, running in
            let call = running.call
            let params = call.params.map { Array($0.readableBytesView) } ?? Array("{}".utf8)
            let line =
                call.id.map { Wire.request(id: $0, method: call.method, params: params) }
                ?? Wire.notification(method: call.method, params: params)
            return LineEvent(connection: number, peer: peer, time: running.started, kind: .received(line))
        }
        return UnfinishedRequests(connection: number, requests: requests)
    }

    // MARK: - Actions

    private func perform(_ actions: [ServerConnectionMachine.Action]) {
        for action in actions {
            switch action {
            case .start(let token, let id, let method, let params):
                start(token, id: id, method: method, params: params)
            case .cancel(let token):
                calls[token]?.call.markCancelledByCaller()
                calls[token]?.work.cancel()
            case .abandon(let token):
                calls[token]?.work.cancel()
            case .write(let bytes):
                write(bytes, promise: nil)
            case .close:
                flushIfNeeded(force: true)
                guard let context else { break }
                // The promise of this empty write is fulfilled after all earlier bytes are sent.
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
        let call = Call(
            id: id, method: method, peer: peer, deadline: controls.deadline.map { .now + .milliseconds($0) },
            wantsProgress: controls.wantsProgress, params: params, jobID: controls.jobID, trace: controls.trace,
            port: Port(token: token, loop: loop, handler: bound))
        let dispatcher = self.dispatcher
        let answer: @Sendable () async -> Void = {
            let body: ByteBuffer
            do throws(ServiceError) {
                body = Wire.result(id: id ?? .null, try await dispatcher.answer(call))
            } catch {
                body = Wire.failure(id: id ?? .null, error)
            }
            if loop.inEventLoop {
                // Moved, so that the newline is appended without a copy of the reply.
                bound.value.finish(token, consume body)
            } else {
                loop.execute { bound.value.finish(token, body) }
            }
        }
        let isLight = (params?.readableBytes ?? 0) <= Self.lightParams && dispatcher.isLight(method)
        let work = isLight ? Task.immediate(operation: answer) : Task(operation: answer)
        // A light call usually has ended by now.
        guard machine.isRunning(token) else { return }
        let expiry = controls.deadline.map { milliseconds in
            loop.scheduleTask(in: .milliseconds(milliseconds)) { bound.value.deadlinePassed(token, id: id) }
        }
        calls[token] = RunningCall(call: call, work: work, expiry: expiry)
    }

    private func finish(_ token: ServerConnectionMachine.Token, _ body: consuming ByteBuffer) {
        if let report = calls[token]?.progress.takeLast(), machine.owesReply(token), context?.channel.isWritable == true
        {
            sendProgress(token, report)
        }
        calls.removeValue(forKey: token)?.expiry?.cancel()
        perform(machine.finished(token, reply: consume body, unsentBytes: unsentBytes))
        scheduleFlush()
        resumeReading()
    }

    private func deadlinePassed(_ token: ServerConnectionMachine.Token, id: RPCID?) {
        guard let running = calls[token] else { return }
        // Reply to the caller immediately; the work stops when it notices the cancellation.
        running.work.cancel()
        finish(token, Wire.failure(id: id ?? .null, ServiceError(.timeout, "the call's deadline passed")))
    }

    /// Forwards from a call's task to its connection's event loop.
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
        // A peer that does not read receives the reply eventually, but no reports before it.
        guard let context, context.channel.isWritable, machine.owesReply(token) else { return }
        let now = Int64(clamping: NIODeadline.now().uptimeNanoseconds)
        switch calls[token]?.progress.offer(report, at: now) {
        case .send?:
            sendProgress(token, report)
        case .coalesced?, nil:
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
        // The id must be exactly what the caller sent.
        let params = Array("{\"id\":\(id.json),".utf8) + members.dropFirst()
        write(Wire.notification(method: SystemMethod.progress.rawValue, params: params), promise: nil)
        scheduleFlush()
    }

    private func sendReply(_ token: ServerConnectionMachine.Token, _ body: ByteBuffer) -> EventLoopFuture<Void> {
        guard let context else { return closedFailure }
        calls[token]?.isStreaming = true
        calls[token]?.expiry?.cancel()
        calls[token]?.expiry = nil
        perform(machine.replied(token, reply: body, unsentBytes: unsentBytes))
        context.flush()
        return context.eventLoop.makeSucceededVoidFuture()
    }

    private func send(_ bytes: ByteBuffer, for token: ServerConnectionMachine.Token) -> EventLoopFuture<Void> {
        guard let context, machine.isRunning(token) else { return closedFailure }
        guard bytes.readableBytes <= replyLimit else {
            let reason = "the notification has \(bytes.readableBytes) bytes, the limit is \(replyLimit)"
            return eventLoop.makeFailedFuture(ServiceError(.tooLarge, reason))
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        write(bytes, promise: promise)
        scheduleFlush()
        return promise.futureResult
    }

    /// The bytes that are written and not sent, because the peer reads slowly.
    private var unsentBytes: Int {
        guard let channel = context?.channel, !channel.isWritable else { return 0 }
        return (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    private var closedFailure: EventLoopFuture<Void> {
        eventLoop.makeFailedFuture(ServiceError(.unavailable, "the connection is closed"))
    }

    private func write(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ServiceError(.unavailable, "the connection is closed"))
            return
        }
        observe { .sent(bytes) }
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
        processLines()
        scheduleFlush()
        guard hasDeferredRead, canAcceptLine else { return }
        hasDeferredRead = false
        context?.read()
    }
}
