import JSONRPC
import Logging
import NIOCore
import Synchronization

/// The page's listening socket, from when it is opened until it is closed.
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

    /// `http://127.0.0.1:8686`, ...; `nil` while it is not open.
    var address: String? {
        channel.withLock { $0?.localAddress?.port }.map { port in
            "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }

    /// - Throws: `unavailable` that names the address.
    func open() async throws {
        let open = try await server.listen()
        channel.withLock { $0 = open }
        logger.info("the page is at \(address ?? host)")
    }

    /// Takes no new browser.
    func close() async { try? await channel.withLock { $0 }?.close() }
}
