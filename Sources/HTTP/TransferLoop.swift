// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc
import Synchronization

/// The dedicated thread of a client's transfers and its command queue.
final class TransferLoop: Sendable {
    enum Command: Sendable {
        case start(UInt64, HTTPRequest, CheckedContinuation<HTTPResponse, any Error>)
        case cancel(UInt64)
    }

    private struct State {
        var commands: [Command] = []
        var isStopped = false
        var isRunning = false
        /// The address of libcurl's multi handle while the thread runs, otherwise 0. Other threads may only wake it.
        var multi: UInt = 0

        func wake() {
            if let multi = UnsafeMutableRawPointer(bitPattern: multi) { curl_multi_wakeup(multi) }
        }
    }

    private static let isInitialized: Bool = curl_global_init(ccurl_global_default) == CURLE_OK

    private let certificates: String?
    private let state = Mutex(State())
    private let ids = Atomic<UInt64>(0)

    init(certificates: String?) {
        self.certificates = certificates
    }

    /// A new transfer identifier.
    func nextID() -> UInt64 { ids.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Queues a command, and starts the thread if it is not running.
    func post(_ command: Command) {
        let needsThread = state.withLock { state in
            state.commands.append(command)
            state.wake()
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if needsThread { startThread() }
    }

    /// Stops the thread; running transfers are cancelled.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.wake()
        }
    }

    private func startThread() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code =
            Self.isInitialized
            ? pthread_create(
                &thread, nil,
                { context in
                    if let context { Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                }, context.toOpaque()) : EAGAIN
        if code == 0 {
            pthread_detach(thread)
        } else {
            context.release()
            failQueuedTransfers("cannot start the transfer thread: \(String(cString: strerror(code)))")
        }
    }

    private func run() {
        guard let multi = curl_multi_init() else {
            failQueuedTransfers("not enough memory for HTTP transfers")
            return
        }
        let address = UInt(bitPattern: multi)
        state.withLock { $0.multi = address }
        var transfers: [UInt64: Transfer] = [:]
        while true {
            let (commands, isStopped) = state.withLock { state in
                defer { state.commands = [] }
                return (state.commands, state.isStopped)
            }
            for command in commands { perform(command, multi, &transfers) }
            if isStopped { break }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            completeFinished(multi, &transfers)
            curl_multi_poll(multi, nil, 0, failOverdue(multi, &transfers), nil)
        }
        for transfer in transfers.values { cancel(transfer, multi) }
        state.withLock { $0.multi = 0 }
        curl_multi_cleanup(multi)
    }

    private func perform(
        _ command: Command, _ multi: UnsafeMutableRawPointer, _ transfers: inout [UInt64: Transfer]
    ) {
        switch command {
        case .start(let id, let request, let continuation):
            do {
                let transfer = try Transfer(id: id, request, continuation, certificates: certificates)
                guard curl_multi_add_handle(multi, transfer.easy.pointer) == CURLM_OK else {
                    throw HTTPError(.invalidRequest, "\(request.redactedURL): the transfer cannot be started")
                }
                transfers[id] = transfer
            } catch {
                continuation.resume(throwing: error)
            }
        case .cancel(let id):
            if let transfer = transfers.removeValue(forKey: id) { cancel(transfer, multi) }
        }
    }

    /// Completes every transfer that libcurl reports as done.
    private func completeFinished(_ multi: UnsafeMutableRawPointer, _ transfers: inout [UInt64: Transfer]) {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let result = ccurl_message_result(message)
            guard let id = Transfer.id(of: easy), let transfer = transfers.removeValue(forKey: id) else { continue }
            curl_multi_remove_handle(multi, easy)
            transfer.finish(result)
        }
    }

    /// Fails the transfers whose response has not begun by its deadline.
    ///
    /// - Returns: milliseconds until the next deadline, at most a minute.
    private func failOverdue(_ multi: UnsafeMutableRawPointer, _ transfers: inout [UInt64: Transfer]) -> Int32 {
        var next = Duration.seconds(60)
        let now = ContinuousClock.now
        for (id, transfer) in transfers {
            guard let deadline = transfer.firstByteDeadline else { continue }
            if transfer.failIfOverdue(at: now) {
                transfers[id] = nil
                curl_multi_remove_handle(multi, transfer.easy.pointer)
            } else {
                next = min(next, deadline - now)
            }
        }
        // trusted: at most a minute
        return Int32(next / .milliseconds(1)) + 1
    }

    private func cancel(_ transfer: Transfer, _ multi: UnsafeMutableRawPointer) {
        curl_multi_remove_handle(multi, transfer.easy.pointer)
        transfer.cancel()
    }

    /// Fails all queued transfers. The next request tries to start the thread again.
    private func failQueuedTransfers(_ reason: String) {
        let commands = state.withLock { state in
            defer { state.commands = [] }
            state.isRunning = false
            return state.commands
        }
        for case .start(_, _, let continuation) in commands {
            continuation.resume(throwing: HTTPError(.unreachable, reason))
        }
    }
}
