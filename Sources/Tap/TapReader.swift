// SPDX-License-Identifier: Apache-2.0

import Calls
package import Faults
package import FoundationEssentials
import JSON
package import JSONRPC
import NIOCore
import NIOPosix

/// A connection to the tap of a replica.
///
/// ```swift
/// let reader = try await TapReader.open("/run/understudy/clipper/.one.tap", peers: PeerPolicy())
/// try await reader.read { record, line in print(line) }
/// ```
package struct TapReader: Sendable {
    /// The maximum bytes of a line: a message has at most 1 MiB, and its text may become longer by escapes.
    private static let maximumLine = 16 * 1024 * 1024

    private let channel: NIOAsyncChannel<ByteBuffer, Never>

    /// Connects to a tap.
    ///
    /// - Parameter peers: which processes may serve it.
    /// - Throws: `unavailable` if there is no tap; `unauthorized` if another process serves it.
    package static func open(_ path: String, peers: PeerPolicy) async throws(ServiceError) -> TapReader {
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, Never>(wrappingChannelSynchronously: channel)
                    }
                }
            let peer = try await Peer.of(channel.channel).get()
            guard peers.allows(peer) else {
                try? await channel.executeThenClose { _ in }
                throw ServiceError(.unauthorized, "\(path) is served by user \(peer.uid), group \(peer.gid)")
            }
            return TapReader(channel: channel)
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError(.unavailable, "cannot open the tap \(path): \(error)")
        }
    }

    /// Reads records until the replica ends, or `body` throws. While `body` runs, nothing is read. May be called once.
    ///
    /// - Parameter body: receives a record and its line, without the newline.
    /// - Throws: `unauthorized` if the replica rejects this process; what `body` throws.
    package func read(_ body: (TapRecord, Data) async throws -> Void) async throws {
        try await channel.executeThenClose { inbound in
            var framer = LineFramer(limit: Self.maximumLine)
            for try await bytes in inbound {
                framer.append(bytes)
                while let line = try framer.next() {
                    let text = Data(line.readableBytesView)
                    try await body(try Self.record(text), text)
                }
            }
        }
    }

    /// Reads a line of a tap, or of a file that was recorded.
    ///
    /// - Throws: the error that the replica sent; `invalid_params` if the line is not a record.
    package static func record(_ line: Data) throws -> TapRecord {
        if let record = try? JSONCoding.decode(TapRecord.self, from: line) { return record }
        if let reply = try? JSONCoding.decode(JSONValue.self, from: line), let error = reply["error"] {
            throw try JSONCoding.convert(error, to: ServiceError.self)
        }
        throw ServiceError(.invalidParams, "expected a record of a tap")
    }
}
