/// Bounds of texts that come from agents, providers and callers, in bytes of UTF-8.
package enum TextBound {
    /// A message of an agent, a provider or an error.
    package static let message = 4 * 1024
    /// The details of an error: a provider's whole answer.
    package static let detail = 16 * 1024
    /// One line of a log.
    package static let logLine = 8 * 1024
    /// A value that an error message quotes.
    package static let quotation = 200
}

extension StringProtocol {
    /// The text, cut at a number of bytes and marked as cut if it is longer.
    ///
    /// The result never exceeds `bytes`, the mark included, and never splits a Unicode scalar.
    ///
    /// ```swift
    /// reply.bounded(to: TextBound.message)  // "500 Internal … [cut, 3900000 bytes]"
    /// ```
    package func bounded(to bytes: Int) -> String {
        let count = utf8.count
        guard count > bytes else { return String(self) }
        let mark = "… [cut, \(count) bytes]"
        guard mark.utf8.count <= bytes else { return head(of: bytes) }
        return head(of: bytes - mark.utf8.count) + mark
    }

    /// As many whole scalars from the start as fit into a number of bytes.
    private func head(of bytes: Int) -> String {
        var result = String.UnicodeScalarView()
        var room = bytes
        for scalar in unicodeScalars {
            room -= UTF8.width(scalar)
            if room < 0 { break }
            result.append(scalar)
        }
        return String(result)
    }
}
