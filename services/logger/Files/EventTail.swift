// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import Parameters

/// Reads the newest events from the local files. Independent of the writer; call it on a thread that may block.
struct EventTail: Sendable {
    /// Maximum number of bytes that one call searches.
    static let maximumSearchedBytes = 128 * 1024 * 1024
    /// Maximum size of the events that one call returns, in bytes.
    static let maximumReturnedBytes = 2 * 1024 * 1024

    private let jobID: String?
    private let eventType: String?
    private let limit: Int
    /// The texts that a matching line contains verbatim unless it has escapes.
    private let needles: [[UInt8]]

    /// - Parameters:
    ///   - jobID: the job of the events; any if absent.
    ///   - eventType: the type of the events; any if absent.
    ///   - limit: maximum number of events.
    /// - Throws: `invalid_params` if a name exceeds its bounds.
    init(jobID: String?, eventType: String?, limit: Int) throws(ServiceError) {
        for (pointer, name) in [("/job_id", jobID), ("/event_type", eventType)] {
            guard let violation = name.flatMap({ LogBounds.name.violation($0, at: pointer) }) else { continue }
            throw violation.error
        }
        (self.jobID, self.eventType, self.limit) = (jobID, eventType, limit)
        needles = [jobID, eventType].compactMap { $0.map { Array($0.utf8) } }
    }

    /// Searches files for matching events. Lines that are not events are skipped.
    ///
    /// - Parameters:
    ///   - paths: the paths of the files, newest file first.
    ///   - isCancelled: checked for each line.
    /// - Returns: the newest matching events, oldest first.
    /// - Throws: why a file cannot be read; `CancellationError`.
    func read(_ paths: [String], isCancelled: () -> Bool) throws -> TailedEvents {
        var found: [LoggedEvent] = []
        var (searched, returned) = (0, 0)
        var seen: [[UInt]] = []
        var isCut = false
        // Opens all files before reading any, so that a rotation in between neither hides nor duplicates events.
        for file in try paths.map({ try ReverseLineReader(path: $0) }) {
            guard let identity = file.identity, !seen.contains(identity), !isCut else { continue }
            seen.append(identity)
            while found.count < limit, let line = file.next() {
                if isCancelled() { throw CancellationError() }
                guard searched + file.bytesRead <= Self.maximumSearchedBytes else {
                    isCut = true
                    break
                }
                guard let event = match(line) else { continue }
                guard found.isEmpty || returned + line.count <= Self.maximumReturnedBytes else {
                    isCut = true
                    break
                }
                returned += line.count
                found.append(event)
            }
            searched += file.bytesRead
        }
        return TailedEvents(events: found.reversed(), isCut: isCut ? true : nil)
    }

    private func match(_ line: Data) -> LoggedEvent? {
        guard mayMatch(line), let event = try? JSONCoding.decode(LoggedEvent.self, from: line) else { return nil }
        if let eventType, event.eventType != eventType { return nil }
        if let jobID, event.data["job_id"]?.string != jobID { return nil }
        return event
    }

    /// Whether a line may match, so that it must be decoded. Without escapes, it contains the searched texts verbatim.
    private func mayMatch(_ line: Data) -> Bool {
        guard !needles.isEmpty else { return true }
        return line.withUnsafeBytes { bytes in
            Self.contains([UInt8(ascii: "\\")], in: bytes) || needles.allSatisfy { Self.contains($0, in: bytes) }
        }
    }

    private static func contains(_ text: [UInt8], in bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes[...]
        while rest.count >= text.count, let first = rest.firstIndex(of: text[0]) {
            rest = rest[first...]
            if rest.starts(with: text) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}
