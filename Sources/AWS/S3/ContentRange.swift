// SPDX-License-Identifier: Apache-2.0

import HTTP

/// The `Content-Range` header of a partial response.
struct ContentRange {
    /// Position of the first byte in the object.
    let start: Int
    /// Size of the whole object in bytes; `nil` if the server does not report it.
    let total: Int?

    /// - Returns: `nil` if the header is missing or malformed.
    init?(_ response: HTTPResponse) {
        guard let text = response.headers["content-range"], text.hasPrefix("bytes ") else { return nil }
        guard let start = Int(text.dropFirst(6).prefix { $0.isASCII && $0.isNumber }) else { return nil }
        self.start = start
        total = text.lastIndex(of: "/").flatMap { Int(text[text.index(after: $0)...]) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}
