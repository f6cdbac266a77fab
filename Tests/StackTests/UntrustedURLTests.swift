// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import Glibc
import JSON
import JSONRPC
import StandIns
import Testing

/// Responses of a provider with URLs of private addresses.
@Suite(.serialized, .timeLimit(.minutes(2))) struct UntrustedURLTests {
    @Test
    func `no connection is opened to a private address in a provider's response`() async throws {
        let openAI = try StandIn("openai_images")
        let listener = try Listener()
        try await LiveStack.with([
            "UNDERSTUDY_IMAGE_PROVIDERS": "openai", "OPENAI_API_KEY": "good-key", "OPENAI_BASE_URL": "\(openAI.url)/v1",
            "UNDERSTUDY_OPENAI_IMAGE_MODEL": "gpt-image-2",
        ]) { stack in
            let imagegen = try await stack.connect("imagegen")
            for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
                try openAI.send(["misbehave": [["url": .string("https://\(host):\(listener.port)/picture.png")]]])
                let error = await #expect(throws: (any Error).self) {
                    try await imagegen.call(
                        "imagegen.generate",
                        params: [
                            "prompt": .string("a hill at \(host)"), "width": 320, "height": 180,
                            "output": .string("file://\(stack.store)/a.png"),
                        ])
                }
                let message = error.map { ServiceError(wrapping: $0).message } ?? ""
                #expect(message.contains("not a public address"), "\(message)")
            }
        }
        #expect(listener.acceptConnections() == 0)
    }

    /// A TCP server that sends nothing.
    fileprivate final class Listener {
        let port: UInt16
        private let descriptor: Int32

        init() throws {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && listen(descriptor, 100) == 0
                        ? getsockname(descriptor, $0, &length) : -1
                }
            }
            self.descriptor = descriptor
            port = UInt16(bigEndian: address.sin_port)
            guard code == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
                throw ServiceError(.internal, "cannot listen")
            }
        }

        deinit { close(descriptor) }

        /// Accepts the connections that wait.
        ///
        /// - Returns: Their number.
        func acceptConnections() -> Int {
            var count = 0
            while case let peer = accept(descriptor, nil, nil), peer >= 0 {
                close(peer)
                count += 1
            }
            return count
        }
    }
}
