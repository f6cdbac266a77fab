/// Splits what a child process writes into lines.
///
/// A line may have any length and any bytes: what exceeds the bound is dropped while it arrives, so that a child that never writes
/// a line feed costs no memory and is never ended for it. Bytes that are not UTF-8 become replacement characters.
package struct ChildLines {
    private let limit: Int
    private let isPrintable: Bool
    private var line: [UInt8] = []
    private var dropped = 0

    /// - Parameters:
    ///   - limit: bytes that are kept of a line.
    ///   - isPrintable: whether controls are made visible, for lines that people read.
    package init(limit: Int = TextBound.logLine, isPrintable: Bool = true) {
        self.limit = limit
        self.isPrintable = isPrintable
    }

    /// Takes bytes as they arrive.
    ///
    /// - Returns: the lines that ended with them, without empty ones.
    package mutating func append(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                lines += end()
            } else if line.count < limit {
                line.append(byte)
            } else {
                dropped += 1
            }
        }
        return lines
    }

    /// The last line, which no line feed ended.
    package mutating func finish() -> [String] { end() }

    private mutating func end() -> [String] {
        defer {
            line.removeAll(keepingCapacity: line.count <= TextBound.logLine)
            dropped = 0
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else { return [] }
        let mark = dropped > 0 ? "… [cut, \(line.count + dropped) bytes]" : ""
        let text = String(decoding: line, as: UTF8.self)
        return [(isPrintable ? text.printable() : text) + mark]
    }
}
