import CCurl
import Glibc
import Synchronization

/// The one thread on which a client's transfers run, and its letter box.
final class TransferLoop: Sendable {
    enum Command: Sendable {
        case start(UInt64, HTTPRequest, CheckedContinuation<HTTPResponse, any Error>)
        case cancel(UInt64)
    }

    private struct Box {
        var commands: [Command] = []
        var isStopped = false
        var isRunning = false
        /// The address of libcurl's multi handle, from the thread's start to its end: others may only wake it.
        var multi: UInt = 0

        func wake() {
            if let multi = UnsafeMutableRawPointer(bitPattern: multi) { curl_multi_wakeup(multi) }
        }
    }

    private static let isReady: Bool = curl_global_init(ccurl_global_default) == CURLE_OK

    private let certificates: String?
    private let box = Mutex(Box())
    private let ids = Atomic<UInt64>(0)

    init(certificates: String?) {
        self.certificates = certificates
    }

    func nextID() -> UInt64 { ids.wrappingAdd(1, ordering: .relaxed).newValue }

    func post(_ command: Command) {
        let mustBegin = box.withLock { box in
            box.commands.append(command)
            box.wake()
            defer { box.isRunning = true }
            return !box.isRunning
        }
        if mustBegin { begin() }
    }

    /// Ends the thread; transfers that still run are cancelled.
    func stop() {
        box.withLock { box in
            box.isStopped = true
            box.wake()
        }
    }

    private func begin() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code =
            Self.isReady
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
            refuse("no thread for transfers: \(String(cString: strerror(code)))")
        }
    }

    private func run() {
        guard let multi = curl_multi_init() else {
            refuse("no memory for transfers")
            return
        }
        let address = UInt(bitPattern: multi)
        box.withLock { $0.multi = address }
        var transfers: [UInt64: Transfer] = [:]
        while true {
            let (commands, isStopped) = box.withLock { box in
                defer { box.commands = [] }
                return (box.commands, box.isStopped)
            }
            for command in commands { perform(command, multi, &transfers) }
            if isStopped { break }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            settle(multi, &transfers)
            curl_multi_poll(multi, nil, 0, giveUp(multi, &transfers), nil)
        }
        for transfer in transfers.values { abandon(transfer, multi) }
        box.withLock { $0.multi = 0 }
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
                    throw HTTPError(.invalidRequest, "\(request.place): the transfer cannot be started")
                }
                transfers[id] = transfer
            } catch {
                continuation.resume(throwing: error)
            }
        case .cancel(let id):
            if let transfer = transfers.removeValue(forKey: id) { abandon(transfer, multi) }
        }
    }

    private func settle(_ multi: UnsafeMutableRawPointer, _ transfers: inout [UInt64: Transfer]) {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let result = ccurl_message_result(message)
            guard let id = Transfer.id(of: easy), let transfer = transfers.removeValue(forKey: id) else { continue }
            curl_multi_remove_handle(multi, easy)
            transfer.finish(result)
        }
    }

    /// Ends transfers whose answer has not begun in time. -> milliseconds until the next may be due.
    private func giveUp(_ multi: UnsafeMutableRawPointer, _ transfers: inout [UInt64: Transfer]) -> Int32 {
        var next = Duration.seconds(60)
        let now = ContinuousClock.now
        for (id, transfer) in transfers {
            guard let due = transfer.due else { continue }
            if transfer.giveUp(at: now) {
                transfers[id] = nil
                curl_multi_remove_handle(multi, transfer.easy.pointer)
            } else {
                next = min(next, due - now)
            }
        }
        // trusted: at most a minute
        return Int32(next / .milliseconds(1)) + 1
    }

    private func abandon(_ transfer: Transfer, _ multi: UnsafeMutableRawPointer) {
        curl_multi_remove_handle(multi, transfer.easy.pointer)
        transfer.cancel()
    }

    /// Answers all that wait; the next request tries again to begin.
    private func refuse(_ reason: String) {
        let commands = box.withLock { box in
            defer { box.commands = [] }
            box.isRunning = false
            return box.commands
        }
        for case .start(_, _, let continuation) in commands {
            continuation.resume(throwing: HTTPError(.unreachable, reason))
        }
    }
}
