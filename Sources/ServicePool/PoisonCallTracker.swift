// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Tracks calls that were lost with their replicas, to detect calls that crash the replicas that take them. Pure.
///
/// A crashing replica loses all of its calls, and the culprit cannot be distinguished from the others. A call that was lost is therefore
/// suspect and is retried with a replica of its own. After the loss of `maximumLosses` processes the call itself is at fault and is not
/// retried. Repeated losses of the connection to the same process count once, since that process is alive.
package struct PoisonCallTracker: Sendable {
    /// Identifies calls of the same method with the same parameters.
    package struct Key: Hashable, Sendable {
        let method: String
        let params: Data

        /// Creates a key.
        ///
        /// - Parameter params: the JSON text of the parameters.
        package init(method: String, params: Data) {
            self.method = method
            self.params = params
        }
    }

    /// The number of lost processes after which a call is at fault. It is lower for calls that decode media, since a corrupt file is a
    /// likely cause of a crash.
    package static func maximumLosses(decodesMedia: Bool) -> Int { decodesMedia ? 2 : 4 }
    /// The maximum number of tracked calls; the oldest are dropped.
    private static let capacity = 1000
    /// How long a call is tracked, in nanoseconds.
    private static let retention: Int64 = 600_000_000_000

    private struct Entry {
        var processes: Set<String> = []
        var lastLossAt: Int64
    }

    private var entries: [Key: Entry] = [:]

    /// Creates an empty tracker.
    package init() {}

    /// Whether no calls are suspect.
    package var isEmpty: Bool { entries.isEmpty }

    /// Whether the call was lost with a replica and has not completed since.
    package func contains(_ key: Key) -> Bool { entries[key] != nil }

    /// Records that a call was lost with a process.
    ///
    /// - Parameters:
    ///   - process: an identifier that is unique to the process.
    ///   - now: nanoseconds of a monotonic clock.
    ///   - maximum: the number of lost processes after which the call is at fault.
    /// - Returns: `true` if the call is at fault. It is no longer tracked then.
    package mutating func recordLoss(
        of key: Key, with process: String, at now: Int64, maximum: Int = maximumLosses(decodesMedia: true)
    ) -> Bool {
        entries = entries.filter { now - $0.value.lastLossAt < Self.retention }
        var entry = entries[key] ?? Entry(lastLossAt: now)
        entry.processes.insert(process)
        entry.lastLossAt = now
        guard entry.processes.count < maximum else {
            entries[key] = nil
            return true
        }
        entries[key] = entry
        if entries.count > Self.capacity,
            let oldest = entries.min(by: { $0.value.lastLossAt < $1.value.lastLossAt })?.key
        {
            entries[oldest] = nil
        }
        return false
    }

    /// Records that a call has completed.
    package mutating func recordCompletion(of key: Key) { entries[key] = nil }
}
