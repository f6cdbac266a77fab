// SPDX-License-Identifier: Apache-2.0

/// The maximum lengths of texts from agents, providers and callers, in bytes of UTF-8.
package enum TextBound {
    /// A message of an agent, a provider or an error.
    package static let message = 4 * 1024
    /// The details of an error, such as a provider's complete response.
    package static let detail = 16 * 1024
    /// A log line.
    package static let logLine = 8 * 1024
    /// A value that an error message quotes.
    package static let quotation = 200
}

extension StringProtocol {
    /// The text, truncated to at most `bytes` bytes of UTF-8 with a mark that states the original length.
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
        guard mark.utf8.count <= bytes else { return prefix(ofBytes: bytes) }
        return prefix(ofBytes: bytes - mark.utf8.count) + mark
    }

    /// The longest prefix of whole scalars that fits into `bytes` bytes.
    private func prefix(ofBytes bytes: Int) -> String {
        var result = String.UnicodeScalarView()
        var remaining = bytes
        for scalar in unicodeScalars {
            remaining -= UTF8.width(scalar)
            if remaining < 0 { break }
            result.append(scalar)
        }
        return String(result)
    }
}
