import FoundationEssentials

/// Speaks HTTP/1.1 and HTTP/2 by libcurl. All transfers of a client run on one thread of its own, which begins with the first
/// request and ends with the client; connections are kept and used again.
///
/// Proxies come from the environment (`https_proxy`, `no_proxy`, ...), certificates of
/// authorities from `CURL_CA_BUNDLE` or `SSL_CERT_FILE`, else from the system.
package final class HTTPClient: Sendable {
    private let loop: TransferLoop

    /// - Parameter certificates: the path of a PEM file with the authorities to trust instead.
    package init(certificates: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment) {
        let named = [certificates, environment["CURL_CA_BUNDLE"], environment["SSL_CERT_FILE"]]
        loop = TransferLoop(certificates: named.lazy.compactMap { $0 }.first { !$0.isEmpty })
    }

    deinit {
        loop.stop()
    }

    /// Makes one exchange, and those that its redirects ask for. Cancelling the task aborts the transfer.
    ///
    /// - Throws: `HTTPError`, or `CancellationError`.
    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        while true {
            let response = try await exchange(request)
            guard let next = try request.redirected(by: response) else { return response }
            request = next
        }
    }

    private func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
        try request.check()
        let id = loop.nextID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                loop.post(.start(id, request, continuation))
                // A cancellation from before this line was told of a transfer that had not been.
                if Task.isCancelled { loop.post(.cancel(id)) }
            }
        } onCancel: {
            loop.post(.cancel(id))
        }
    }
}
