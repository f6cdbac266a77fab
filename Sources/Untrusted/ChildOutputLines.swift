// SPDX-License-Identifier: Apache-2.0

/// Splits the output of a child process into lines.
///
/// Lines may have any length and any bytes. Bytes beyond the limit are dropped as they arrive, so that a child that never writes a line
/// feed uses no memory and need not be terminated. Invalid UTF-8 becomes replacement characters.
package struct ChildOutputLines {
    private let limit: Int
    private let escapesControls: Bool
    private var line: [UInt8] = []
    private var dropped = 0

    /// Creates a splitter.
    ///
    /// - Parameters:
    ///   - limit: the bytes of a line that are retained.
    ///   - escapesControls: whether control characters are escaped, for lines that people read.
    package init(limit: Int = TextBound.logLine, escapesControls: Bool = true) {
        self.limit = limit
        self.escapesControls = escapesControls
    }

    /// Appends bytes as they arrive.
    ///
    /// - Returns: the lines that these bytes completed, without empty ones.
    package mutating func append(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                lines += takeLine()
            } else if line.count < limit {
                line.append(byte)
            } else {
                dropped += 1
            }
        }
        return lines
    }

    /// Ends the output.
    ///
    /// - Returns: the last line if no line feed ended it; otherwise nothing.
    package mutating func finish() -> [String] { takeLine() }

    private mutating func takeLine() -> [String] {
        defer {
            line.removeAll(keepingCapacity: line.count <= TextBound.logLine)
            dropped = 0
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else { return [] }
        let mark = dropped > 0 ? "… [cut, \(line.count + dropped) bytes]" : ""
        let text = String(decoding: line, as: UTF8.self)
        return [(escapesControls ? text.printable() : text) + mark]
    }
}
