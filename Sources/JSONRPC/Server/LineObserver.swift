// SPDX-License-Identifier: Apache-2.0

package import Calls
package import NIOCore

/// Observes the lines of a server's connections.
package protocol LineObserver: Sendable {
    /// Whether lines are observed at present. It is read once for each line, so it must take no time.
    var isObserving: Bool { get }

    /// Receives an event, on the event loop of its connection. It must not block.
    func observed(_ event: LineEvent)
}

/// What happens on a connection that is observed.
package struct LineEvent: Sendable {
    /// The kinds of events.
    package enum Kind: Sendable {
        /// A line from the peer, without its newline.
        case received(ByteBuffer)
        /// A line to the peer, with its newline.
        case sent(ByteBuffer)
        /// The connection is closed.
        case closed
    }

    /// The number of the connection, which no other connection of the server has.
    package let connection: Int
    /// The process at the other end.
    package let peer: Peer
    /// When it happened.
    package let time: ContinuousClock.Instant
    package let kind: Kind

    package init(connection: Int, peer: Peer, time: ContinuousClock.Instant = .now, kind: Kind) {
        self.connection = connection
        self.peer = peer
        self.time = time
        self.kind = kind
    }
}

/// A connection's calls that have not ended, as the lines of their requests.
package struct UnfinishedRequests: Sendable {
    /// The number of the connection.
    package let connection: Int
    /// The requests, the oldest first.
    package let requests: [LineEvent]
}
