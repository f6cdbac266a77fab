// SPDX-License-Identifier: Apache-2.0

import Contracts
import FoundationEssentials
import JSON

/// An encoded event, as sinks store it.
struct SpooledEvent: Sendable, Equatable {
    let timestamp: Timestamp
    /// The name of the log stream in CloudWatch.
    let stream: String
    /// The JSON text `{"timestamp":...,"event_type":...,"data":{...}}`, without a line end.
    let message: Data

    init(timestamp: Timestamp, stream: String, message: Data) {
        self.timestamp = timestamp
        self.stream = stream
        self.message = message
    }

    /// Encodes an event.
    ///
    /// - Parameter data: the JSON text of an object without line ends, which is stored unchanged.
    init(_ timestamp: Timestamp, _ eventType: String, data: Data, stream: String = "") {
        let head = "{\"timestamp\":\"\(timestamp.text)\",\"event_type\":\(JSONText.quote(eventType)),\"data\":"
        var message = Data(capacity: head.utf8.count + data.count + 1)
        message.append(contentsOf: head.utf8)
        message += data
        message.append(UInt8(ascii: "}"))
        self.init(timestamp: timestamp, stream: stream, message: message)
    }
}
