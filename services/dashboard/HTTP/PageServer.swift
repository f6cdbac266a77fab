// SPDX-License-Identifier: Apache-2.0

import JSONRPC
import Logging
import NIOCore
import Synchronization

/// The listening socket of the dashboard.
final class PageServer: Sendable {
    private let server: WebServer
    private let host: String
    private let logger: Logger
    private let channel = Mutex<(any Channel)?>(nil)

    init(_ server: WebServer, host: String, logger: Logger) {
        self.server = server
        self.host = host
        self.logger = logger
    }

    /// The URL of the page, e.g. `http://127.0.0.1:8686`; `nil` until `open` has returned.
    var address: String? {
        channel.withLock { $0?.localAddress?.port }.map { port in
            "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }

    /// Starts to listen.
    ///
    /// - Throws: `unavailable` that names the address.
    func open() async throws {
        let open = try await server.listen()
        channel.withLock { $0 = open }
        logger.info("the page is at \(address ?? host)")
    }

    /// Stops accepting connections.
    func close() async { try? await channel.withLock { $0 }?.close() }
}
