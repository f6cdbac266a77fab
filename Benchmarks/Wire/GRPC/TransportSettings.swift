// SPDX-License-Identifier: Apache-2.0

import GRPCNIOTransportHTTP2Posix

/// The settings of the transport at both ends. What is not mentioned here has the transport's default.
enum TransportSettings: String {
    /// The transport's defaults. A flush is delayed by up to 100 µs, so that concurrent calls share a write.
    case defaults
    /// Settings for low latency and large messages: no delayed flushes, which the transport's documentation suggests
    /// for latency, a receive window of the server as large as the client's default, and frames that hold a message.
    case tuned

    private static let maxFrameSize = 256 * 1024

    var clientConfig: HTTP2ClientTransport.Posix.Config {
        .defaults { config in
            guard self == .tuned else { return }
            config.connection.flushCoalescing = nil
            config.http2.maxFrameSize = Self.maxFrameSize
        }
    }

    var serverConfig: HTTP2ServerTransport.Posix.Config {
        .defaults { config in
            guard self == .tuned else { return }
            config.connection.flushCoalescing = nil
            config.http2.maxFrameSize = Self.maxFrameSize
            config.http2.targetWindowSize = HTTP2ClientTransport.Config.HTTP2.defaults.targetWindowSize
        }
    }
}
