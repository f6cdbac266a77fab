package import FoundationEssentials

/// Calls that were lost with their replicas, and with which: the rule for calls that break whoever takes them. Pure.
///
/// A replica that dies takes all its calls with it, and the one that broke it cannot be told from its neighbours. So a call that was
/// lost once is a suspect and is made again without neighbours. Lost with `deaths` processes, it is the call's own fault:
/// it is not sent again. A connection that is lost twice with the same process counts once, since that process lives.
package struct Suspects: Sendable {
    /// The same method with the same parameters.
    package struct Key: Hashable, Sendable {
        let method: String
        let params: Data

        package init(method: String, params: Data) {
            self.method = method
            self.params = params
        }
    }

    /// Processes that a call may be lost with: fewer for one that decodes a media file, since a file breaks a process, and a prompt
    /// does not.
    package static func deaths(decodesMedia: Bool) -> Int { decodesMedia ? 2 : 4 }
    /// Calls that are remembered; the oldest are forgotten.
    private static let capacity = 1000
    /// Nanoseconds that a call is remembered.
    private static let memory: Int64 = 600_000_000_000

    private struct Entry {
        var processes: Set<String> = []
        var seen: Int64
    }

    private var entries: [Key: Entry] = [:]

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// Whether the call was lost with a replica and has not succeeded since.
    package func contains(_ key: Key) -> Bool { entries[key] != nil }

    /// A call was lost with a process.
    ///
    /// - Parameters:
    ///   - process: what is another one for each process.
    ///   - maximum: processes that it may be lost with.
    /// - Returns: whether it is the call's fault. It begins from the start if it is made again.
    package mutating func lost(
        _ key: Key, with process: String, at now: Int64, maximum: Int = deaths(decodesMedia: true)
    ) -> Bool {
        entries = entries.filter { now - $0.value.seen < Self.memory }
        var entry = entries[key] ?? Entry(seen: now)
        entry.processes.insert(process)
        entry.seen = now
        guard entry.processes.count < maximum else {
            entries[key] = nil
            return true
        }
        entries[key] = entry
        if entries.count > Self.capacity, let oldest = entries.min(by: { $0.value.seen < $1.value.seen })?.key {
            entries[oldest] = nil
        }
        return false
    }

    /// A call came to its end.
    package mutating func cleared(_ key: Key) { entries[key] = nil }
}
