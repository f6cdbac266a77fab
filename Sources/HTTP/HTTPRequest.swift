/// One request.
package struct HTTPRequest: Sendable {
    /// Where the body of the answer goes.
    package enum Destination: Sendable, Equatable {
        case memory
        /// A path that is created or emptied.
        case file(String)
    }

    package var method: String
    package var url: String
    /// Names and values, in order; sent as they are.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]?
    package var destination = Destination.memory
    /// Bytes that the answer's body may have.
    package var maximumBytes = 16 * 1024 * 1024
    /// Seconds until the connection must stand.
    package var connectTimeout = 10.0
    /// Seconds for the whole exchange.
    package var timeout = 300.0
    /// Seconds that the transfer may crawl below 1 byte a second.
    package var stallTimeout = 60

    package init(
        _ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    /// The URL as an error may tell it: without user, query and fragment, where secrets stand.
    package var publicURL: String {
        let end = url.firstIndex { $0 == "?" || $0 == "#" } ?? url.endIndex
        var text = String(url[..<end])
        if let scheme = text.firstRange(of: "://"), let at = text[scheme.upperBound...].firstIndex(of: "@") {
            let slash = text[scheme.upperBound...].firstIndex(of: "/") ?? text.endIndex
            if at < slash { text.removeSubrange(scheme.upperBound...at) }
        }
        return text
    }
}

/// What came back, whatever its status.
package struct HTTPResponse: Sendable {
    package let status: Int
    /// Names in lower case.
    package let headers: [String: String]
    /// Empty where the body went to a file.
    package let body: [UInt8]
}

/// Why no answer came.
package struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// No connection, or it broke.
        case unreachable
        /// One of the request's timeouts passed.
        case timeout
        /// The body is larger than the request allows.
        case tooLarge
        /// The body cannot be written to its file.
        case output
        /// The URL or a header is none.
        case invalidRequest
    }

    package let kind: Kind
    package let message: String

    package var description: String { message }
}
