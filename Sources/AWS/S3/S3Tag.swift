import HTTP

/// The header `ETag` of an object, as stores and the proxies before them write it: strong, weak (`W/"..."`), without quotes, or absent.
struct S3Tag: Sendable, Equatable {
    /// As it came.
    let text: String

    init(_ text: String?) {
        self.text = text ?? ""
    }

    /// What identifies the object's bytes: the same however a proxy rewrote the tag; empty where there is none.
    var value: String {
        var value = text.hasPrefix("W/") || text.hasPrefix("w/") ? text.dropFirst(2) : text[...]
        if value.hasPrefix("\"") { value = value.dropFirst() }
        if value.hasSuffix("\"") { value = value.dropLast() }
        // A proxy that compresses adds this.
        return String(value.hasSuffix("-gzip") ? value.dropLast(5) : value)
    }

    /// The tag for `If-Match`; `nil` for one that no strong comparison is true for.
    var condition: String? {
        text.count > 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? text : nil
    }

    /// The tag as the store itself wrote it, as far as can be known.
    var stored: String { text.contains("\"") ? "\"\(value)\"" : value }

    /// Parts that the object came in, as AWS writes it; `nil` for one piece.
    var parts: Int? {
        let words = value.split(separator: "-")
        return words.count == 2 ? Int(words[1]) : nil
    }
}
