// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The state of one spool file: its pending events by record number, and the batches with unconfirmed delivery.
///
/// Built by applying the lines of the file in order. Applying a line twice is allowed.
struct SpoolContents {
    typealias NumberedEvent = (number: Int, event: SpooledEvent)

    /// A batch that was sent without a known result.
    struct UnconfirmedBatch: Equatable {
        /// The record numbers of the events.
        let numbers: [Int]
        /// Milliseconds since 1970.
        let sentAt: Int64
    }

    private(set) var unconfirmed: [UnconfirmedBatch] = []
    /// Streams with pending events, in the order of their first events.
    private(set) var streams: [String] = []
    private var pendingEvents: [String: [NumberedEvent]] = [:]
    /// The stream of each event by record number, including delivered events.
    private var streamOfRecord: [String] = []
    /// The number of pending events.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func apply(_ line: SpoolLine) {
        switch line {
        case .event(let event):
            if pendingEvents[event.stream] == nil { streams.append(event.stream) }
            pendingEvents[event.stream, default: []].append((streamOfRecord.count, event))
            streamOfRecord.append(event.stream)
            count += 1
        case .sending(let numbers, let time):
            let batch = UnconfirmedBatch(numbers: numbers.numbers, sentAt: time)
            if !unconfirmed.contains(batch) { unconfirmed.append(batch) }
        case .delivered(let numbers), .dropped(let numbers):
            confirm(numbers.numbers)
            remove(numbers.numbers)
        case .returned(let numbers): confirm(numbers.numbers)
        }
    }

    /// The pending events of a stream, in order.
    func events(of stream: String) -> [NumberedEvent] { pendingEvents[stream] ?? [] }

    /// The events with these record numbers that are still pending, in order. All events of a batch have the same stream.
    func events(_ numbers: [Int]) -> (stream: String, events: [NumberedEvent])? {
        guard let first = numbers.first(where: streamOfRecord.indices.contains) else { return nil }
        let wanted = Set(numbers)
        let found = events(of: streamOfRecord[first]).filter { wanted.contains($0.number) }
        return found.isEmpty ? nil : (streamOfRecord[first], found)
    }

    /// Removes events from the unconfirmed batches.
    private mutating func confirm(_ numbers: [Int]) {
        guard !unconfirmed.isEmpty else { return }
        let confirmed = Set(numbers)
        unconfirmed = unconfirmed.compactMap { batch in
            let remaining = batch.numbers.filter { !confirmed.contains($0) }
            return remaining.isEmpty ? nil : UnconfirmedBatch(numbers: remaining, sentAt: batch.sentAt)
        }
    }

    /// Removes events from the pending ones.
    private mutating func remove(_ numbers: [Int]) {
        let removed = Set(numbers)
        for stream in Set(numbers.filter(streamOfRecord.indices.contains).map { streamOfRecord[$0] }) {
            guard let events = pendingEvents[stream] else { continue }
            let remaining = events.filter { !removed.contains($0.number) }
            count -= events.count - remaining.count
            pendingEvents[stream] = remaining.isEmpty ? nil : remaining
            if remaining.isEmpty { streams.removeAll { $0 == stream } }
        }
    }
}
