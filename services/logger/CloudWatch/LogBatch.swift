// SPDX-License-Identifier: Apache-2.0

import AWS
import Contracts

/// The events of one PutLogEvents request.
struct LogBatch {
    /// The record numbers of the events in their spool file.
    let numbers: [Int]
    /// The events in chronological order.
    let events: [LogsClient.Event]

    /// The limits of a batch.
    struct Limits {
        var count = LogsClient.batchCount
        var bytes = LogsClient.batchBytes
        /// Maximum time span in milliseconds.
        var span = LogsClient.batchSpan
    }

    /// Creates a batch of as many of the first events as the limits allow, at least one. Events with the same time retain their order.
    init(first events: [(number: Int, event: SpooledEvent)], limits: Limits = Limits()) {
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

    /// Creates a batch of all events, which must be within the limits.
    init(all events: some Sequence<(number: Int, event: SpooledEvent)>) {
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

    /// Two batches of half the events each, in order; `nil` for a single event.
    var halves: (LogBatch, LogBatch)? {
        guard numbers.count > 1 else { return nil }
        let middle = numbers.count / 2
        return (
            LogBatch(numbers: Array(numbers[..<middle]), events: Array(events[..<middle])),
            LogBatch(numbers: Array(numbers[middle...]), events: Array(events[middle...]))
        )
    }

    /// Partitions the events into those that a stream contains and those that it does not.
    ///
    /// - Parameter counts: the number of occurrences of each event in the stream; each occurrence matches one event.
    /// - Returns: the record numbers.
    func partition(by counts: [LogsClient.Event: Int]) -> (stored: [Int], missing: [Int]) {
        var remaining = counts
        var (stored, missing): ([Int], [Int]) = ([], [])
        for (number, event) in zip(numbers, events) {
            if let count = remaining[event], count > 0 {
                remaining[event] = count - 1
                stored.append(number)
            } else {
                missing.append(number)
            }
        }
        return (stored, missing)
    }
}
