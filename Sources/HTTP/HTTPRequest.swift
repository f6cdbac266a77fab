package import FoundationEssentials

/// One exchange with a server.
package struct HTTPRequest: Sendable {
    /// What is sent along.
    package enum Body: Sendable {
        case none
        case bytes(Data)
        /// The file at a path, or a range of its bytes, read while it is sent.
        case file(String, range: Range<Int>? = nil)
    }

    /// Where the body of a success (2xx) goes. All other bodies are kept in memory, cut at 64 KiB.
    package enum Sink: Sendable {
        /// - Parameter maximum: bytes; a longer body fails with `tooLarge`.
        case memory(maximum: Int)
        /// Written to the file at a path, which is made or emptied. A failure may leave a part of it.
        case file(String, maximum: Int)
        /// Written into the file at a path from an offset on; what else is in the file stays.
        case part(String, offset: Int, maximum: Int)
        /// These bytes of the body are kept in memory; the transfer ends when they are there.
        case slice(Range<Int>)
    }

    /// Who chose the URL.
    package enum Author: Sendable, Equatable {
        /// This installation: any host.
        case configured
        /// The server at another URL, whose word is not to be trusted: only https to public addresses, or that server itself.
        case told(by: String)
    }

    /// Bounds in seconds.
    package struct Timeouts: Sendable {
        /// Until a connection stands.
        package var connect: Double
        /// From the start to the first byte of the answer; `nil` where only the others count.
        package var firstByte: Double?
        /// For everything; `nil` where only stalls count.
        package var total: Double?
        /// Without a single byte in either direction, also while the server thinks.
        package var stall: Double

        package init(connect: Double = 10, firstByte: Double? = nil, total: Double? = nil, stall: Double = 30) {
            self.connect = connect
            self.firstByte = firstByte
            self.total = total
            self.stall = stall
        }
    }

    package var method: String
    /// Percent-encoded, `http` or `https`; sent as it is.
    package var url: String
    package var headers: HTTPHeaders
    package var body: Body
    package var sink: Sink
    package var timeouts: Timeouts
    package var author = Author.configured
    /// How many redirects of a GET or HEAD are followed, each to https or to the same server, without the headers
    /// `Authorization`, `Cookie` and `api-key` where the server is another.
    package var redirects = 0
    /// Whether a success that is not 206 (partial content) fails with `notPartial` before its body is read.
    package var wantsPart = false
    /// Whether the body of the answer may travel compressed; bounds count what it unpacks to.
    package var acceptsCompression = false
    /// Whether a body that comes compressed, although that was not asked for, is unpacked.
    package var unpacksUnasked = false
    /// Whether a connection that is open may be used. libcurl repeats a request, unasked, if such a connection breaks before the
    /// answer begins; a request that costs money is sent on a connection of its own.
    package var mayReuseConnection = true
    /// Whether proxies of the environment are used.
    package var usesProxy = true

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

    /// Asks for what a URL names.
    package static func get(
        _ url: String, headers: HTTPHeaders = [:], sink: Sink = .memory(maximum: 16 * 1024 * 1024),
        timeouts: Timeouts = Timeouts()
    ) -> HTTPRequest {
        HTTPRequest("GET", url, headers: headers, sink: sink, timeouts: timeouts)
    }

    /// The URL without what may be secret, for messages: no user, no query, no fragment.
    package var place: String {
        // By scalars: a delimiter and a combining character after it form one `Character`, which is not equal to the delimiter.
        let text = url.unicodeScalars.prefix { $0 != "?" && $0 != "#" }
        guard let scheme = text.firstRange(of: "://".unicodeScalars) else { return String(text.prefix(200)) }
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return String(text[..<scheme.upperBound]) + String(host) + String(rest[authority.endIndex...])
    }

    /// - Throws: `invalidRequest` for what a server could take for another request than was meant.
    func check() throws(HTTPError) {
        func refuse(_ reason: String) -> HTTPError { HTTPError(.invalidRequest, "\(place): \(reason)") }
        guard !method.isEmpty, method.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw refuse("the method is no upper-case word")
        }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw refuse("only http:// and https:// are spoken")
        }
        try checkAuthor()
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw refuse("the URL is not percent-encoded")
        }
        for field in headers.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x3A }),
                field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
            else {
                throw refuse("the header \(field.name.prefix(40).debugDescription) has characters that none may have")
            }
        }
    }
}
