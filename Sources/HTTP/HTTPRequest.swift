// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// One HTTP request: what to send, where to put the response's body, and how long to wait.
package struct HTTPRequest: Sendable {
    /// The body of a request.
    package enum Body: Sendable {
        case none
        case bytes(Data)
        /// The file at a path, or a range of its bytes. It is streamed while the request is sent.
        case file(String, range: Range<Int>? = nil)
    }

    /// The destination of the body of a successful (2xx) response. Other bodies are held in memory, truncated to 64 KiB.
    package enum Sink: Sendable {
        /// In memory, at most `maximum` bytes; a longer body fails with `tooLarge`.
        case memory(maximum: Int)
        /// The file at a path, which is created or truncated. A failed transfer may leave a partial file.
        case file(String, maximum: Int)
        /// The file at a path, starting at a byte offset; the rest of the file is preserved.
        case part(String, offset: Int, maximum: Int)
        /// This byte range of the body, in memory; the transfer ends as soon as the range is complete.
        case slice(Range<Int>)
    }

    /// The source of the URL, which decides which hosts it may lead to.
    package enum URLSource: Sendable, Equatable {
        /// The configuration of this installation; any host is allowed.
        case configuration
        /// A response of the server at another URL. Only https to public addresses, or that server itself, is allowed.
        case server(at: String)
    }

    /// Time limits in seconds.
    package struct Timeouts: Sendable {
        /// Limit for establishing a connection.
        package var connect: Double
        /// Limit from the start to the first byte of the response; `nil` for none.
        package var firstByte: Double?
        /// Limit for the whole exchange; `nil` for none.
        package var total: Double?
        /// Longest period without a byte in either direction, including the server's processing time.
        package var stall: Double

        /// Creates time limits, in seconds.
        package init(connect: Double = 10, firstByte: Double? = nil, total: Double? = nil, stall: Double = 30) {
            self.connect = connect
            self.firstByte = firstByte
            self.total = total
            self.stall = stall
        }
    }

    /// The method, in uppercase letters.
    package var method: String
    /// The URL, percent-encoded, with the scheme `http` or `https`. It is sent unchanged.
    package var url: String
    /// The header fields to send.
    package var headers: HTTPHeaders
    /// The body to send.
    package var body: Body
    /// Where the response's body goes.
    package var sink: Sink
    /// Time limits of the exchange.
    package var timeouts: Timeouts
    /// Who supplied the URL; `configuration` by default.
    package var urlSource = URLSource.configuration
    /// The maximum number of redirects of a GET or HEAD to follow, each to https or to the same server. `Authorization`, `Cookie` and
    /// `api-key` are dropped on a redirect to another server. 0 by default.
    package var redirects = 0
    /// Whether a 2xx response other than 206 (Partial Content) fails with `notPartial` before its body is read.
    package var requiresPartialContent = false
    /// Whether to request compression. Size limits apply to the decompressed body.
    package var acceptsCompression = false
    /// Whether to decompress a body that is compressed although compression was not requested.
    package var acceptsUnsolicitedCompression = false
    /// Whether the request may use a pooled connection.
    ///
    /// libcurl silently retries a request if a reused connection breaks before the response begins. Set this to `false` for requests
    /// that cost money.
    package var mayReuseConnection = true
    /// Whether to use the proxies of the environment.
    package var usesProxy = true

    /// Creates a request. By default, a response body of at most 16 MiB is held in memory.
    package init(
        _ method: String, _ url: String, headers: HTTPHeaders = [:], body: Body = .none,
        sink: Sink = .memory(maximum: 16 * 1024 * 1024), timeouts: Timeouts = Timeouts()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.sink = sink
        self.timeouts = timeouts
    }

    /// A GET request. By default, a response body of at most 16 MiB is held in memory.
    package static func get(
        _ url: String, headers: HTTPHeaders = [:], sink: Sink = .memory(maximum: 16 * 1024 * 1024),
        timeouts: Timeouts = Timeouts()
    ) -> HTTPRequest {
        HTTPRequest("GET", url, headers: headers, sink: sink, timeouts: timeouts)
    }

    /// The URL without user, query, and fragment, which may contain secrets. For messages.
    package var redactedURL: String {
        // Compares scalars: a delimiter followed by a combining mark is one `Character`, which does not equal the delimiter.
        let text = url.unicodeScalars.prefix { $0 != "?" && $0 != "#" }
        guard let scheme = text.firstRange(of: "://".unicodeScalars) else { return String(text.prefix(200)) }
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return String(text[..<scheme.upperBound]) + String(host) + String(rest[authority.endIndex...])
    }

    /// Checks that the request cannot be misinterpreted by a server (request smuggling).
    ///
    /// - Throws: `invalidRequest`.
    func check() throws(HTTPError) {
        func invalid(_ reason: String) -> HTTPError { HTTPError(.invalidRequest, "\(redactedURL): \(reason)") }
        guard !method.isEmpty, method.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw invalid("the method must consist of uppercase letters")
        }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw invalid("expected a URL that begins with http:// or https://")
        }
        try checkURLSource()
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw invalid("the URL is not percent-encoded")
        }
        for field in headers.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x3A }),
                field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else {
                throw invalid("the header \(field.name.prefix(40).debugDescription) contains invalid characters")
            }
        }
    }
}
