// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import NIOCore
import Synchronization

/// What the callers of a client connection and its event loop share: the pending calls, and the lines that are not sent yet.
final class ClientState: Sendable {
    /// What the event loop must do after a change.
    struct Wakeup: Sendable {
        /// Whether it must take the lines of the outbox.
        var hasLines = false
        /// The time for which it must set its timer.
        var alarm: NIODeadline?
        /// Whether it must close the connection.
        var closes = false

        var isNeeded: Bool { hasLines || alarm != nil || closes }
    }

    private struct State {
        var calls = CallTable()
        var outbox = Outbox()
        /// Why the connection accepts no calls.
        var closure: String?

        var closes: Bool { calls.closesWhenIdle && calls.isEmpty && closure == nil }
    }

    private let path: String
    private let state = Mutex(State())

    /// - Parameter path: the socket's path.
    init(path: String) {
        self.path = path
    }

    /// Starts to send single lines on the threads of their callers.
    func open(_ socket: CInt) {
        state.withLock { if $0.closure == nil { $0.outbox.open(socket) } }
    }

    // MARK: - Calls

    /// Adds a call and sends its line, unless it is cancelled already.
    func submit(
        _ id: Int, _ line: ByteBuffer, _ call: PendingCall, isCancelled: @Sendable () -> Bool
    ) -> Wakeup {
        let (wakeup, failure): (Wakeup, (any Error)?) = state.withLock { state in
            if isCancelled() { return (Wakeup(), CancellationError()) }
            if let reason = state.closure { return (Wakeup(), RPCConnection.Lost(path: path, reason: reason)) }
            let alarm = state.calls.set(id, call)
            let hasLines = state.outbox.append(line, isSingle: state.calls.count == 1)
            return (Wakeup(hasLines: hasLines, alarm: alarm), nil)
        }
        if let failure { call.continuation.resume(throwing: failure) }
        return wakeup
    }

    /// Sends a line that belongs to no call.
    func send(_ line: ByteBuffer) -> Wakeup {
        state.withLock { state in
            guard state.closure == nil else { return Wakeup() }
            return Wakeup(hasLines: state.outbox.append(line, isSingle: state.calls.isEmpty))
        }
    }

    /// Cancels a call: notifies the server, and waits for the reply if the call has a settlement timeout.
    func cancel(_ id: Int) -> Wakeup {
        let (wakeup, cancelled): (Wakeup, PendingCall?) = state.withLock { state in
            guard var call = state.calls[id], state.closure == nil else { return (Wakeup(), nil) }
            var wakeup = Wakeup(hasLines: state.outbox.append(Self.cancellation(of: id), isSingle: false))
            guard let settlementTimeout = call.settlementTimeout else {
                let call = state.calls.take(id)
                wakeup.closes = state.closes
                return (wakeup, call)
            }
            call.isSettling = true
            call.end = .after(settlementTimeout)
            wakeup.alarm = state.calls.set(id, call)
            return (wakeup, nil)
        }
        cancelled?.continuation.resume(throwing: CancellationError())
        return wakeup
    }

    /// Fails the calls of some methods as if the connection were lost, without notifying the server.
    func abandon(_ methods: Set<String>, reason: String) -> Wakeup {
        let (abandoned, closes) = state.withLock { ($0.calls.take(methods: methods), $0.closes) }
        for call in abandoned {
            call.continuation.resume(throwing: RPCConnection.Lost(path: path, reason: reason, isAbandoned: true))
        }
        return Wakeup(closes: closes)
    }

    /// Closes the connection once no call is pending.
    func closeWhenIdle() -> Wakeup {
        state.withLock { state in
            state.calls.closesWhenIdle = true
            return Wakeup(closes: state.closes)
        }
    }

    // MARK: - Events of the connection

    /// Ends a call with its reply; ignored if the call is not pending.
    ///
    /// - Returns: whether the call was pending, and whether the connection must be closed.
    func finish(_ id: Int, _ reply: Result<Data, any Error>) -> (isKnown: Bool, wakeup: Wakeup) {
        let (call, closes) = state.withLock { ($0.calls.take(id), $0.closes) }
        call?.continuation.resume(with: reply)
        return (call != nil, Wakeup(closes: closes))
    }

    /// Reports the progress of a call.
    func progress(_ id: Int, _ report: ProgressReport) {
        state.withLock { $0.calls[id] }?.onProgress?(report)
    }

    /// Fails the call with the longest request.
    ///
    /// - Returns: whether there was one.
    func failLongest(_ error: any Error) -> Bool {
        let call = state.withLock { $0.calls.takeLongest() }
        call?.continuation.resume(throwing: error)
        return call != nil
    }

    /// Fails all pending calls.
    func failAll(_ error: any Error) {
        for call in state.withLock({ $0.calls.takeAll() }) { call.continuation.resume(throwing: error) }
    }

    /// Fails all pending calls and accepts no more.
    func close(_ reason: String) {
        let pending = state.withLock { state in
            state.closure = state.closure ?? reason
            state.outbox.close()
            return state.calls.takeAll()
        }
        for call in pending { call.continuation.resume(throwing: RPCConnection.Lost(path: path, reason: reason)) }
    }

    /// Ends the calls whose time has passed, when the timer fires.
    func timerFired(at now: NIODeadline) -> Wakeup {
        let (wakeup, expired): (Wakeup, [Int: PendingCall]) = state.withLock { state in
            let (expired, alarm) = state.calls.takeExpired(at: now)
            var wakeup = Wakeup(alarm: alarm, closes: state.closes)
            for (id, call) in expired where !call.isSettling {
                wakeup.hasLines = state.outbox.append(Self.cancellation(of: id), isSingle: false) || wakeup.hasLines
            }
            return (wakeup, expired)
        }
        for call in expired.values {
            let error =
                call.isSettling
                ? ServiceError(
                    .cancelled, "\(call.method) was cancelled and did not report its costs in time",
                    providerCode: RPCConnection.notSettled)
                : ServiceError(.timeout, "\(call.method) did not answer in time")
            call.continuation.resume(throwing: error)
        }
        return wakeup
    }

    /// Takes the lines to send.
    func takeLines() -> ByteBuffer { state.withLock { $0.outbox.take() } }

    /// Records that the lines are written.
    func linesWritten() -> Wakeup { state.withLock { Wakeup(hasLines: $0.outbox.written()) } }

    private static func cancellation(of id: Int) -> ByteBuffer {
        Wire.notification(method: SystemMethod.cancel.rawValue, params: Array("{\"id\":\(id)}".utf8))
    }
}
