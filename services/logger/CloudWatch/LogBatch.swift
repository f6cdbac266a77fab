import AWS
import Contracts

/// What goes to CloudWatch in one request.
struct LogBatch {
    /// Of the spool's file.
    let numbers: [Int]
    /// In the order of their times.
    let events: [LogsClient.Event]

    struct Limits {
        var count = LogsClient.batchCount
        var bytes = LogsClient.batchBytes
        /// Milliseconds from the first event to the last.
        var span = LogsClient.batchSpan
    }

    /// As many of the first events as one batch takes; at least one. Events of the same time keep their order.
    init(first events: [(number: Int, event: KeptEvent)], limits: Limits = Limits()) {
        var (count, bytes) = (0, 0)
        var (earliest, latest) = (Int64.max, Int64.min)
        for (_, event) in events {
            let time = event.timestamp.milliseconds
            (earliest, latest) = (min(earliest, time), max(latest, time))
            bytes += event.message.count + LogsClient.eventOverhead
            if count > 0, count == limits.count || bytes > limits.bytes || latest - earliest > limits.span { break }
            count += 1
        }
        self.init(all: events.prefix(count))
    }

    /// All of the events, which are known to fit.
    init(all events: some Sequence<(number: Int, event: KeptEvent)>) {
        let sorted = events.enumerated().sorted {
            ($0.element.event.timestamp, $0.offset) < ($1.element.event.timestamp, $1.offset)
        }
        numbers = sorted.map(\.element.number)
        self.events = sorted.map { _, element in
            LogsClient.Event(
                timestamp: element.event.timestamp.milliseconds,
                message: String(decoding: element.event.message, as: UTF8.self))
        }
    }

    private init(numbers: [Int], events: [LogsClient.Event]) {
        self.numbers = numbers
        self.events = events
    }

    /// The batch in two, each in order; `nil` for a single event.
    var halves: (LogBatch, LogBatch)? {
        guard numbers.count > 1 else { return nil }
        let middle = numbers.count / 2
        return (
            LogBatch(numbers: Array(numbers[..<middle]), events: Array(events[..<middle])),
            LogBatch(numbers: Array(numbers[middle...]), events: Array(events[middle...]))
        )
    }

    /// The numbers of the events that are in the stream, where each counts once, and of those that are not.
    func split(by stored: [LogsClient.Event: Int]) -> (there: [Int], missing: [Int]) {
        var left = stored
        var (there, missing): ([Int], [Int]) = ([], [])
        for (number, event) in zip(numbers, events) {
            if let count = left[event], count > 0 {
                left[event] = count - 1
                there.append(number)
            } else {
                missing.append(number)
            }
        }
        return (there, missing)
    }
}
