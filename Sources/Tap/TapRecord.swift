// SPDX-License-Identifier: Apache-2.0

import Calls
package import Contracts
package import JSON

/// A line of a tap.
package enum TapRecord: Sendable {
    /// The first line: whose tap it is.
    case source(TapSource)
    /// A message.
    case message(TapMessage)
    /// Messages that the reader missed, because it was too slow.
    case lost(TapLoss)
}

/// The replica that a tap belongs to.
package struct TapSource: Codable, Sendable, Equatable {
    package let service: String
    package let instance: String
    package let pid: Int32
    package let time: Timestamp

    package init(service: String, instance: String, pid: Int32, time: Timestamp = .now) {
        self.service = service
        self.instance = instance
        self.pid = pid
        self.time = time
    }
}

/// A message between a replica and one of its clients.
package struct TapMessage: Codable, Sendable, Equatable {
    /// The direction of a message, from the replica's point of view.
    package enum Direction: String, Codable, Sendable {
        case received = "in"
        case sent = "out"
    }

    /// When it was received or sent. A request that was unfinished when the reader connected has the time at which it began.
    package var time: Timestamp
    /// The replica.
    package var instance: String
    /// The number of the connection, unique to the process of the replica.
    package var connection: Int
    /// The client's process.
    package var peer: TapPeer
    package var direction: Direction
    /// The id, as it is written in the message; absent for a notification.
    package var id: JSONValue?
    /// The method of a request or a notification, or of the request that a reply or a progress report belongs to.
    package var method: String?
    /// The job that the call is for.
    package var jobID: String?
    /// The id of the call's trace.
    package var trace: String?
    /// The time from the request to this reply or progress report. Seconds.
    package var duration: Double?
    /// The kind of the error of a reply.
    package var error: String?
    /// The length of the line; of a batch's element, that of the whole batch.
    package var bytes: Int
    /// The message, with secrets replaced by `***`; absent if it is too long, or not JSON.
    package var message: JSONValue?
    /// The beginning of a line that is not JSON.
    package var text: String?

    private enum CodingKeys: String, CodingKey {
        case time, instance, connection, peer, direction, id, method
        case jobID = "job_id"
        case trace
        case duration = "duration_s"
        case error, bytes, message, text
    }
}

/// A client's process.
package struct TapPeer: Codable, Sendable, Equatable {
    package let pid: Int32
    package let uid: UInt32

    init(_ peer: Peer) {
        pid = peer.pid
        uid = peer.uid
    }
}

/// How many messages a reader missed.
package struct TapLoss: Codable, Sendable, Equatable {
    package let lost: Int
    package let time: Timestamp
}

extension TapRecord: Codable {
    private enum CodingKeys: String, CodingKey { case service, lost }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if container.contains(.service) {
            self = .source(try TapSource(from: decoder))
        } else if container.contains(.lost) {
            self = .lost(try TapLoss(from: decoder))
        } else {
            self = .message(try TapMessage(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .source(let source): try source.encode(to: encoder)
        case .message(let message): try message.encode(to: encoder)
        case .lost(let loss): try loss.encode(to: encoder)
        }
    }
}
