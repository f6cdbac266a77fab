// SPDX-License-Identifier: Apache-2.0

package import Faults
package import JSONRPC
package import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Mirrors the messages of a replica, in both directions, to whoever reads its tap: one JSON value per line, see `TapRecord`.
///
/// ```swift
/// let tap = Tap(source: TapSource(service: "clipper", instance: "one", pid: getpid()), redaction: Redaction())
/// let server = try await RPCServer.listen(path: path, dispatcher: dispatcher, peers: peers, observer: tap, logger: logger)
/// try await tap.listen(path: "/run/understudy/clipper/.one.tap", peers: PeerPolicy(), server: server, logger: logger)
/// ```
///
/// Without readers, a message costs one load of an atomic variable. Messages are read and written by a thread of the tap's own. A reader
/// that is too slow loses messages, and gets their number.
package final class Tap: LineObserver, Sendable {
    /// The maximum bytes of lines that the tap's thread has not processed.
    private static let maximumPending = 16 * 1024 * 1024

    private let source: TapSource
    private let redaction: Redaction
    private let hasReaders = Atomic(false)
    private let pendingBytes = Atomic(0)
    /// The lines that were not passed on, because too many are pending.
    private let skipped = Atomic(0)
    private let state = Mutex<State>(State())

    private struct State {
        var group: MultiThreadedEventLoopGroup?
        var channel: (any Channel)?
        var readers: NIOLoopBound<TapReaders>?
    }

    /// Creates a tap without readers.
    package init(source: TapSource, redaction: Redaction) {
        self.source = source
        self.redaction = redaction
    }

    /// Whether someone reads the tap.
    package var isObserving: Bool { hasReaders.load(ordering: .relaxed) }

    /// Passes a line on to the readers.
    package func observed(_ event: LineEvent) {
        guard let readers = state.withLock({ $0.readers }) else { return }
        let bytes = event.bytes
        guard pendingBytes.load(ordering: .relaxed) + bytes <= Self.maximumPending else {
            skipped.add(1, ordering: .relaxed)
            return
        }
        pendingBytes.add(bytes, ordering: .relaxed)
        readers.eventLoop.execute {
            self.pendingBytes.subtract(bytes, ordering: .relaxed)
            readers.value.distribute(event, skipped: self.skipped.exchange(0, ordering: .relaxed))
        }
    }

    /// Creates the tap's socket and accepts readers.
    ///
    /// - Parameters:
    ///   - path: where the socket file is created, for this user only; at most 103 bytes; no file may exist there.
    ///   - peers: which processes may read.
    ///   - server: the server whose messages are mirrored.
    /// - Throws: `unavailable` if the socket cannot be created.
    package func listen(
        path: String, peers: PeerPolicy, server: RPCServer, logger: Logger
    ) async throws(ServiceError) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        do {
            let readers = try await loop.submit { [source, redaction] in
                NIOLoopBound(
                    TapReaders(source: source, redaction: redaction) { [weak self] in
                        self?.hasReaders.store($0, ordering: .relaxed)
                    },
                    eventLoop: loop)
            }.get()
            state.withLock { $0.readers = readers }
            let channel = try await ServerBootstrap(group: group)
                .serverChannelInitializer { $0.addAcceptPauseHandler() }
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelOption(.writeBufferWaterMark, value: TapReaders.buffer)
                .childChannelInitializer { channel in
                    channel.addHandler(for: peers, logger: logger) { _ in
                        readers.value.handler(channel, server: server)
                    }
                }
                .bind(unixDomainSocketPath: path).get()
            state.withLock { state in
                state.channel = channel
                state.group = group
            }
        } catch {
            try? await group.shutdownGracefully()
            throw ServiceError(.unavailable, "cannot listen on \(path): \(error)")
        }
    }

    /// Mirrors the lines that are pending, and closes the connections of the readers and the socket.
    package func close() async {
        let (channel, readers, group) = state.withLock { state in
            defer { state = State() }
            return (state.channel, state.readers, state.group)
        }
        try? await channel?.close().get()
        // After the lines that are pending.
        try? await readers?.eventLoop.submit {}.get()
        try? await group?.shutdownGracefully()
    }
}

extension LineEvent {
    /// The length of the line.
    fileprivate var bytes: Int {
        switch kind {
        case .received(let line), .sent(let line): line.readableBytes
        case .closed: 0
        }
    }
}
