import Faults
import Foundation
import NIOHTTP1
import Untrusted

/// A request of a browser, its target taken apart and checked.
struct WebRequest: Sendable {
    enum Body: Sendable {
        case none
        case bytes(Data)
        /// A temporary file; it is removed once the request is answered.
        case file(UploadFile, bytes: Int)
    }

    let method: HTTPMethod
    /// Decoded; none is empty, `.` or `..`, and none holds a slash or a control character.
    let path: [String]
    let query: [String: String]
    let headers: HTTPHeaders
    var body: Body = .none
    /// The same address as it came, path and pairs of the query, still encoded.
    private let raw: (path: String, pairs: [(name: String, text: Substring)])

    /// - Throws: `invalid_params` for a target that is no path of such parts.
    init(_ head: HTTPRequestHead) throws(ServiceError) {
        method = head.method
        headers = head.headers
        let halves = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard head.uri.utf8.count <= 8192, let target = halves.first, target.hasPrefix("/") else {
            throw ServiceError(.invalidParams, "the request's target is no path of this page")
        }
        var path: [String] = []
        var rawPath = ""
        // One slash at the end is the same page.
        for part in target.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        where part != "" || path.isEmpty {
            guard let decoded = String(part).removingPercentEncoding?.streamSafe, decoded != ".", decoded != "..",
                !decoded.utf8.contains(where: Self.isForbidden)
            else { throw ServiceError(.invalidParams, "the request's path holds what no path here holds") }
            guard !decoded.isEmpty else { continue }
            path.append(decoded)
            rawPath += "/\(part)"
        }
        self.path = path
        var query: [String: String] = [:]
        var pairs: [(name: String, text: Substring)] = []
        for pair in halves.count == 2 ? halves[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let texts = sides.map { String($0).replacing("+", with: " ").removingPercentEncoding?.streamSafe }
            guard let name = texts.first ?? "", let value = texts.count == 2 ? texts.last ?? "" : "" else {
                throw ServiceError(.invalidParams, "the request's query is not percent-encoded UTF-8")
            }
            query[name] = value
            pairs.append((name, pair))
        }
        self.query = query
        raw = (rawPath.isEmpty ? "/" : rawPath, pairs)
    }

    /// Its address on this page without a member of the query.
    func target(without name: String) -> String {
        let rest = raw.pairs.filter { $0.name != name }.map(\.text)
        return rest.isEmpty ? raw.path : "\(raw.path)?\(rest.joined(separator: "&"))"
    }

    /// A slash or a backslash within a part, and control characters.
    private static func isForbidden(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
    }

    /// Whether it cannot change anything, and has no body.
    var onlyReads: Bool { method == .GET || method == .HEAD }

    /// Whether a browser asks for it as a page, to be looked at.
    var wantsPage: Bool { onlyReads && headers[canonicalForm: "accept"].contains { $0.hasPrefix("text/html") } }

    /// Whether the browser has this version already (`If-None-Match`, RFC 9110 §13.1.2): a proxy that packs an answer weakens its tag.
    func has(tag: String) -> Bool {
        headers[canonicalForm: "if-none-match"].contains { known in
            known == tag || known == "W/\(tag)" || known == "*"
        }
    }

    /// Whether the answer may be packed (RFC 9110 §12.5.3): `gzip` is named, and not with the weight 0.
    var acceptsGzip: Bool {
        headers[canonicalForm: "accept-encoding"].contains { coding in
            let parts = coding.split(separator: ";", omittingEmptySubsequences: false)
                .map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard parts.first == "gzip" || parts.first == "x-gzip" else { return false }
            return !parts.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }
        }
    }
}
