import Contracts
import FoundationEssentials
import JSON

/// An event as sinks keep it.
struct KeptEvent: Sendable, Equatable {
    let timestamp: Timestamp
    /// The log stream in CloudWatch.
    let stream: String
    /// `{"timestamp":...,"event_type":...,"data":{...}}`, without a line end.
    let message: Data

    init(timestamp: Timestamp, stream: String, message: Data) {
        self.timestamp = timestamp
        self.stream = stream
        self.message = message
    }

    /// - Parameter data: the JSON text of an object, without a line end; it is kept as it is.
    init(_ timestamp: Timestamp, _ eventType: String, data: Data, stream: String = "") {
        let head = "{\"timestamp\":\"\(timestamp.text)\",\"event_type\":\(JSONText.quote(eventType)),\"data\":"
        var message = Data(capacity: head.utf8.count + data.count + 1)
        message.append(contentsOf: head.utf8)
        message += data
        message.append(UInt8(ascii: "}"))
        self.init(timestamp: timestamp, stream: stream, message: message)
    }
}
