// SPDX-License-Identifier: Apache-2.0

import Contracts
import FoundationEssentials

/// A line of a spool file: checksum, type and contents, separated by tabs. A line torn by a crash fails its checksum.
enum SpoolLine: Equatable {
    /// An accepted event. Its record number is the number of preceding events in the file.
    case event(SpooledEvent)
    /// The events are about to be sent, at a time in milliseconds since 1970.
    case sending(RecordRanges, at: Int64)
    /// CloudWatch has stored the events.
    case delivered(RecordRanges)
    /// CloudWatch permanently rejected the events.
    case dropped(RecordRanges)
    /// The events were sent but not stored; they are pending again.
    case returned(RecordRanges)

    /// The encoded line, with its line end.
    var data: Data {
        var body: Data
        switch self {
        case .event(let event):
            body = Data("e\t\(event.timestamp.milliseconds)\t\(event.stream)\t".utf8)
            body += event.message
        case .sending(let numbers, let time): body = Data("s\t\(time)\t\(numbers.text)".utf8)
        case .delivered(let numbers): body = Data("d\t\(numbers.text)".utf8)
        case .dropped(let numbers): body = Data("x\t\(numbers.text)".utf8)
        case .returned(let numbers): body = Data("r\t\(numbers.text)".utf8)
        }
        var line = Data(CRC32.digits(body))
        line.reserveCapacity(body.count + 10)
        line.append(UInt8(ascii: "\t"))
        line += body
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// Decodes a line.
    ///
    /// - Parameter line: the line without its end.
    /// - Returns: `nil` if the line is torn or unknown.
    init?(_ line: UnsafeRawBufferPointer) {
        guard line.count > 10, line[8] == UInt8(ascii: "\t"),
            CRC32.digits(UnsafeRawBufferPointer(rebasing: line[9...])).elementsEqual(line[..<8])
        else { return nil }
        let fields = line[9...].split(separator: UInt8(ascii: "\t"), maxSplits: 3, omittingEmptySubsequences: false)
        func text(_ field: Int) -> String { String(decoding: fields[field], as: UTF8.self) }
        switch (text(0), fields.count) {
        case ("e", 4):
            guard let time = Int64(text(1)) else { return nil }
            self = .event(
                SpooledEvent(
                    timestamp: Timestamp(milliseconds: time), stream: text(2),
                    message: Data(UnsafeRawBufferPointer(rebasing: fields[3]))))
        case ("s", 3):
            guard let time = Int64(text(1)), let numbers = RecordRanges(text: text(2)) else { return nil }
            self = .sending(numbers, at: time)
        case ("d", 2), ("x", 2), ("r", 2):
            guard let numbers = RecordRanges(text: text(1)) else { return nil }
            self = text(0) == "d" ? .delivered(numbers) : text(0) == "x" ? .dropped(numbers) : .returned(numbers)
        default: return nil
        }
    }

    /// Decodes the complete lines of a text. Torn lines are skipped.
    ///
    /// - Returns: the number of bytes up to the end of the last complete line.
    @discardableResult
    static func read(_ text: Data, _ body: (SpoolLine) -> Void) -> Int {
        text.withUnsafeBytes { bytes in
            var start = 0
            while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
                if let line = SpoolLine(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) { body(line) }
                start = end + 1
            }
            return start
        }
    }
}
