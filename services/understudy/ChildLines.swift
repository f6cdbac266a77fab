import Untrusted

/// Splits what a child process writes to its standard error into lines for the log.
///
/// A line may have any length and any bytes: what exceeds the bound of a log line is dropped while it arrives, so that a child
/// that never writes a line feed costs no memory, and controls are made printable.
struct ChildLines {
    private var line: [UInt8] = []
    private var dropped = 0

    /// Takes bytes as they arrive.
    ///
    /// - Returns: the lines that ended with them, without empty ones.
    mutating func append(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                lines += end()
            } else if line.count < TextBound.logLine {
                line.append(byte)
            } else {
                dropped += 1
            }
        }
        return lines
    }

    /// The last line, which no line feed ended.
    mutating func finish() -> [String] { end() }

    private mutating func end() -> [String] {
        defer {
            line.removeAll(keepingCapacity: true)
            dropped = 0
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else { return [] }
        let mark = dropped > 0 ? "… [cut, \(line.count + dropped) bytes]" : ""
        return [String(decoding: line, as: UTF8.self).printable() + mark]
    }
}
