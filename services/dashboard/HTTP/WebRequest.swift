// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import NIOHTTP1
import Untrusted

/// A request whose target was parsed and checked.
struct WebRequest: Sendable {
    /// The body of a request, once it is complete.
    enum Body: Sendable {
        case none
        case bytes(Data)
        /// A temporary file, which is removed when the request has been answered.
        case file(UploadFile, bytes: Int)
    }

    let method: HTTPMethod
    /// The decoded path components. None is empty, `.` or `..`, and none contains a slash, a backslash or a control character.
    let path: [String]
    /// The decoded members of the query; the last one of each name.
    let query: [String: String]
    let headers: HTTPHeaders
    var body: Body = .none
    /// The target as it was sent, still encoded: the path, and the pairs of the query with their decoded names.
    private let encoded: (path: String, pairs: [(name: String, text: Substring)])

    /// Parses the target of a request.
    ///
    /// - Throws: `invalid_params` for a target that is not such a path.
    init(_ head: HTTPRequestHead) throws(ServiceError) {
        method = head.method
        headers = head.headers
        let halves = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard head.uri.utf8.count <= 8192, let target = halves.first, target.hasPrefix("/") else {
            throw ServiceError(.invalidParams, "the request's target must be a path of at most 8192 bytes")
        }
        var path: [String] = []
        var encodedPath = ""
        // A trailing slash is ignored.
        for part in target.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        where part != "" || path.isEmpty {
            guard let decoded = String(part).removingPercentEncoding?.streamSafe, decoded != ".", decoded != "..",
                !decoded.utf8.contains(where: Self.isForbidden)
            else {
                throw ServiceError(
                    .invalidParams, "the request's path must not contain ., .., encoded slashes or control characters")
            }
            guard !decoded.isEmpty else { continue }
            path.append(decoded)
            encodedPath += "/\(part)"
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
        encoded = (encodedPath.isEmpty ? "/" : encodedPath, pairs)
    }

    /// The target without a member of the query, still encoded.
    func target(without name: String) -> String {
        let rest = encoded.pairs.filter { $0.name != name }.map(\.text)
        return rest.isEmpty ? encoded.path : "\(encoded.path)?\(rest.joined(separator: "&"))"
    }

    /// Slashes and backslashes within a component, and control characters.
    private static func isForbidden(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
    }

    /// Whether the request changes nothing and has no body.
    var isReadOnly: Bool { method == .GET || method == .HEAD }

    /// Whether a browser requests a page to show to a person.
    var acceptsHTML: Bool { isReadOnly && headers[canonicalForm: "accept"].contains { $0.hasPrefix("text/html") } }

    /// Whether the client has this version already (`If-None-Match`, RFC 9110 §13.1.2). A proxy that compresses a response weakens its
    /// tag.
    func has(tag: String) -> Bool {
        headers[canonicalForm: "if-none-match"].contains { known in
            known == tag || known == "W/\(tag)" || known == "*"
        }
    }

    /// Whether the response may be compressed (RFC 9110 §12.5.3): gzip is listed, with a weight other than 0.
    var acceptsGzip: Bool {
        headers[canonicalForm: "accept-encoding"].contains { coding in
            let parts = coding.split(separator: ";", omittingEmptySubsequences: false)
                .map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard parts.first == "gzip" || parts.first == "x-gzip" else { return false }
            return !parts.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }
        }
    }
}
