import Contracts
import FoundationEssentials

/// A line of a spool's file: its checksum, what it is, what it says, between tabs. A line that a crash tore has another checksum.
enum SpoolLine: Equatable {
    /// An event that was accepted; its number is how many events the file has before it.
    case event(KeptEvent)
    /// These are about to be sent, at this time in milliseconds since 1970.
    case sending(RecordNumbers, at: Int64)
    /// CloudWatch has these.
    case delivered(RecordNumbers)
    /// CloudWatch will never have these.
    case dropped(RecordNumbers)
    /// These were sent and refused: they wait again.
    case returned(RecordNumbers)

    /// With the line's end.
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
        var line = Data(CRC32.text(body))
        line.reserveCapacity(body.count + 10)
        line.append(UInt8(ascii: "\t"))
        line += body
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// - Parameter line: without its end.
    /// - Returns: `nil` for a line that is torn, or of something else.
    init?(_ line: UnsafeRawBufferPointer) {
        guard line.count > 10, line[8] == UInt8(ascii: "\t"),
            CRC32.text(line[9...]).elementsEqual(line[..<8])
        else { return nil }
        let fields = line[9...].split(separator: UInt8(ascii: "\t"), maxSplits: 3, omittingEmptySubsequences: false)
        func text(_ field: Int) -> String { String(decoding: fields[field], as: UTF8.self) }
        switch (text(0), fields.count) {
        case ("e", 4):
            guard let time = Int64(text(1)) else { return nil }
            self = .event(
                KeptEvent(
                    timestamp: Timestamp(milliseconds: time), stream: text(2),
                    message: Data(UnsafeRawBufferPointer(rebasing: fields[3]))))
        case ("s", 3):
            guard let time = Int64(text(1)), let numbers = RecordNumbers(text: text(2)) else { return nil }
            self = .sending(numbers, at: time)
        case ("d", 2), ("x", 2), ("r", 2):
            guard let numbers = RecordNumbers(text: text(1)) else { return nil }
            self = text(0) == "d" ? .delivered(numbers) : text(0) == "x" ? .dropped(numbers) : .returned(numbers)
        default: return nil
        }
    }

    /// The whole lines of a text; torn ones are passed over.
    ///
    /// - Returns: how many bytes the lines had, torn ones too, without a last one that has no end.
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
