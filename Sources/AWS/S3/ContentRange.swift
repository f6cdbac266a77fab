import HTTP

/// The header `Content-Range` of a part.
struct ContentRange {
    let start: Int
    /// Bytes of the whole object; `nil` if the server does not say.
    let total: Int?

    init?(_ response: HTTPResponse) {
        guard let text = response.headers["content-range"], text.hasPrefix("bytes ") else { return nil }
        guard let start = Int(text.dropFirst(6).prefix { $0.isASCII && $0.isNumber }) else { return nil }
        self.start = start
        total = text.lastIndex(of: "/").flatMap { Int(text[text.index(after: $0)...]) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}
