// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// An HTTP/1.1 and HTTP/2 client based on libcurl.
///
/// All transfers of a client run on one dedicated thread, which starts with the first request and ends with the client. Connections are
/// pooled and reused. Proxies come from the environment (`https_proxy`, `no_proxy`, ...), CA certificates from `CURL_CA_BUNDLE` or
/// `SSL_CERT_FILE`, otherwise from the system.
///
///     let client = HTTPClient()
///     let response = try await client.send(.get("https://example.com/", sink: .memory(maximum: 1 << 20)))
///     if response.isSuccess { print("received \(response.bodySize) bytes") }
package final class HTTPClient: Sendable {
    private let loop: TransferLoop

    /// - Parameters:
    ///   - certificates: the path of a PEM file with the CA certificates to trust; it overrides the environment.
    ///   - environment: read for `CURL_CA_BUNDLE` and `SSL_CERT_FILE`.
    package init(certificates: String? = nil, environment: [String: String] = ProcessInfo.processInfo.environment) {
        let candidates = [certificates, environment["CURL_CA_BUNDLE"], environment["SSL_CERT_FILE"]]
        loop = TransferLoop(certificates: candidates.lazy.compactMap { $0 }.first { !$0.isEmpty })
    }

    deinit {
        loop.stop()
    }

    /// Sends a request and follows its redirects. Cancelling the task aborts the transfer.
    ///
    /// - Returns: the final response, whatever its status.
    /// - Throws: `HTTPError` if there is no response; `CancellationError`.
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
                // `onCancel` may have run before the transfer was posted; the loop ignored that cancellation.
                if Task.isCancelled { loop.post(.cancel(id)) }
            }
        } onCancel: {
            loop.post(.cancel(id))
        }
    }
}
