import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import Parameters

/// Reads the newest events of the local file. It shares nothing with the writer, and runs on a thread where it may block.
struct EventTail: Sendable {
    /// Bytes of the files that one call searches.
    static let searchedBytes = 128 * 1024 * 1024
    /// Bytes of events that one call returns.
    static let returnedBytes = 2 * 1024 * 1024

    private let jobID: String?
    private let eventType: String?
    private let limit: Int
    /// What a line holds that has no escapes.
    private let texts: [[UInt8]]

    /// - Parameters:
    ///   - jobID: of the events that are wanted; of any job if absent.
    ///   - eventType: the same for types.
    ///   - limit: how many events at most.
    /// - Throws: `invalid_params` for a name that no event has.
    init(jobID: String?, eventType: String?, limit: Int) throws(ServiceError) {
        for (pointer, name) in [("/job_id", jobID), ("/event_type", eventType)] {
            guard let violation = name.flatMap({ LogBounds.name.violation($0, at: pointer) }) else { continue }
            throw violation.error
        }
        (self.jobID, self.eventType, self.limit) = (jobID, eventType, limit)
        texts = [jobID, eventType].compactMap { $0.map { Array($0.utf8) } }
    }

    /// - Parameters:
    ///   - paths: of the files, the newest first.
    ///   - isCancelled: asked for each line.
    /// - Returns: the newest events that fit, oldest first; lines that are not events are passed over.
    func read(_ paths: [String], isCancelled: () -> Bool) throws -> TailedEvents {
        var found: [LoggedEvent] = []
        var (searched, returned) = (0, 0)
        var seen: [[UInt]] = []
        var isCut = false
        // All are opened before any is read: a file that is put aside meanwhile is neither missed nor read twice.
        for file in try paths.map({ try BackwardLines(path: $0) }) {
            guard let identity = file.identity, !seen.contains(identity), !isCut else { continue }
            seen.append(identity)
            while found.count < limit, let line = file.next() {
                if isCancelled() { throw CancellationError() }
                guard searched + file.bytesRead <= Self.searchedBytes else {
                    isCut = true
                    break
                }
                guard let event = match(line) else { continue }
                guard found.isEmpty || returned + line.count <= Self.returnedBytes else {
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

    /// Whether decoding a line is worth its time: a text without escapes is in it as it is.
    private func mayMatch(_ line: Data) -> Bool {
        guard !texts.isEmpty else { return true }
        return line.withUnsafeBytes { bytes in
            Self.find([UInt8(ascii: "\\")], in: bytes) || texts.allSatisfy { Self.find($0, in: bytes) }
        }
    }

    private static func find(_ text: [UInt8], in bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes[...]
        while rest.count >= text.count, let first = rest.firstIndex(of: text[0]) {
            rest = rest[first...]
            if rest.starts(with: text) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}
