// SPDX-License-Identifier: Apache-2.0

import HTTP

/// An object's `ETag` header as stores and proxies write it: strong, weak (`W/"..."`), unquoted, or absent.
struct ETag: Sendable, Equatable {
    /// The unchanged value; empty if the header is absent.
    let text: String

    init(_ text: String?) {
        self.text = text ?? ""
    }

    /// The opaque value, without the changes that proxies make; empty if the header is absent.
    var value: String {
        var value = text.hasPrefix("W/") || text.hasPrefix("w/") ? text.dropFirst(2) : text[...]
        if value.hasPrefix("\"") { value = value.dropFirst() }
        if value.hasSuffix("\"") { value = value.dropLast() }
        // Compressing proxies append this suffix.
        return String(value.hasSuffix("-gzip") ? value.dropLast(5) : value)
    }

    /// The value for `If-Match`; `nil` unless the ETag is strong (RFC 9110).
    var condition: String? {
        text.count > 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? text : nil
    }

    /// The value as the store wrote it, as far as it can be reconstructed.
    var stored: String { text.contains("\"") ? "\"\(value)\"" : value }

    /// The number of parts of a multipart upload, as AWS encodes it; `nil` for a single upload.
    var parts: Int? {
        let words = value.split(separator: "-")
        return words.count == 2 ? Int(words[1]) : nil
    }
}
