/// Why there is no answer. Messages never hold a URL's user or query, nor headers or bodies.
package struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// The request itself cannot be sent.
        case invalidRequest
        /// No such host, or nobody listens there.
        case unreachable
        /// The server could not prove who it is.
        case untrusted
        /// A bound of the request's timeouts passed.
        case timeout
        /// The connection broke, or what came was no HTTP.
        case interrupted
        /// The body is longer than asked for.
        case tooLarge
        /// A part was asked for, and all of it came.
        case notPartial
        /// A local file could not be read or written; `code` is the `errno`.
        case file
    }

    package var kind: Kind
    package var message: String
    package var code: Int32?
    /// Whether the request, or a part of it, had left for the server: the server may have acted on it.
    package var wasSent = false

    package init(_ kind: Kind, _ message: String, code: Int32? = nil) {
        self.kind = kind
        self.message = message
        self.code = code
    }

    /// Whether the same request may succeed when it is made again.
    package var isRetryable: Bool { kind == .unreachable || kind == .timeout || kind == .interrupted }

    package var description: String { message }
}
