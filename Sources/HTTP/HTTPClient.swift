import CCurl
import Glibc
import Synchronization

/// HTTP by libcurl: one multi handle on one thread, so that connections are reused and nothing blocks anybody else.
///
/// Only http and https; redirects are not followed. Cancelling the calling task aborts the transfer.
package final class HTTPClient: Sendable {
    private struct Inbox {
        var added: [Transfer] = []
        var cancelled: [Transfer] = []
        var isClosed = false
    }

    /// `CURLM *`; only `curl_multi_wakeup` is called on it from other threads, which libcurl allows.
    private struct Multi: @unchecked Sendable {
        let handle: UnsafeMutableRawPointer
    }

    private let inbox: Box
    private let multi: Multi

    private final class Box: Sendable {
        let state = Mutex(Inbox())
    }

    package init() {
        _ = Self.isInitialised
        guard let handle = curl_multi_init() else { preconditionFailure("libcurl has no memory to begin with") }
        let multi = Multi(handle: handle)
        let inbox = Box()
        self.multi = multi
        self.inbox = inbox
        Worker { Self.loop(multi, inbox) }.start()
    }

    deinit {
        inbox.state.withLock { $0.isClosed = true }
        curl_multi_wakeup(multi.handle)
    }

    /// Sends a request and returns what came back, whatever its status.
    ///
    /// - Throws: `HTTPError`, or `CancellationError`.
    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let transfer = try Transfer(request)
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                transfer.begin(continuation)
                inbox.state.withLock { $0.added.append(transfer) }
                curl_multi_wakeup(multi.handle)
            }
        } onCancel: {
            inbox.state.withLock { $0.cancelled.append(transfer) }
            curl_multi_wakeup(multi.handle)
        }
    }

    private static let isInitialised = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    /// The thread that owns all handles.
    private static func loop(_ multi: Multi, _ inbox: Box) {
        var running: [UnsafeMutableRawPointer: Transfer] = [:]
        while true {
            let news = inbox.state.withLock { state in
                defer {
                    state.added = []
                    state.cancelled = []
                }
                return state
            }
            for transfer in news.added {
                running[transfer.handle] = transfer
                curl_multi_add_handle(multi.handle, transfer.handle)
            }
            for transfer in news.cancelled where running.removeValue(forKey: transfer.handle) != nil {
                curl_multi_remove_handle(multi.handle, transfer.handle)
                transfer.cancel()
            }
            if news.isClosed, running.isEmpty { break }
            var active: Int32 = 0
            curl_multi_perform(multi.handle, &active)
            var left: Int32 = 0
            while let message = curl_multi_info_read(multi.handle, &left) {
                guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                    let transfer = running.removeValue(forKey: handle)
                else { continue }
                let code = message.pointee.data.result
                curl_multi_remove_handle(multi.handle, handle)
                transfer.finish(code)
            }
            curl_multi_poll(multi.handle, nil, 0, running.isEmpty ? 60_000 : 1000, nil)
        }
        curl_multi_cleanup(multi.handle)
    }
}

/// A thread that runs a body to its end.
private final class Worker {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    func start() {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, context)
        pthread_detach(thread)
    }
}
