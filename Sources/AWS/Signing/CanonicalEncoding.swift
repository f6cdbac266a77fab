// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// Percent-encoding as AWS signs it: every byte except the unreserved characters.
enum CanonicalEncoding {
    /// Encodes a query component.
    static func component(_ text: String) -> String {
        PercentEncoding.encoded(text, keeping: PercentEncoding.isUnreserved)
    }

    /// Encodes a path, preserving its slashes.
    static func path(_ text: String) -> String {
        PercentEncoding.encoded(text) { PercentEncoding.isUnreserved($0) || $0 == UInt8(ascii: "/") }
    }

    /// Encodes a query in canonical order. A name with an empty value is followed by `=`.
    static func query(_ items: [(name: String, value: String)]) -> String {
        items.map { (component($0.name), component($0.value)) }.sorted { $0 < $1 }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// Decodes a text in which a space may be a plus sign, as in lists with `encoding-type=url`.
    ///
    /// - Returns: `nil` if the text is not percent-encoded UTF-8.
    static func decoded(_ text: String) -> String? {
        PercentEncoding.decoded(text.replacing("+", with: "%20"))
    }
}
