// SPDX-License-Identifier: Apache-2.0

/// Why a request has no response. Messages never contain a URL's user or query, headers, or bodies.
package struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The classes of failure.
    package enum Kind: String, Sendable {
        /// The request is malformed or leads to a forbidden address; it was not sent.
        case invalidRequest
        /// The host does not exist, or no server listens there.
        case unreachable
        /// The server's TLS certificate is not trusted.
        case untrusted
        /// One of the request's timeouts expired.
        case timeout
        /// The connection broke, or the peer does not speak HTTP.
        case interrupted
        /// The body exceeds the maximum size of its sink.
        case tooLarge
        /// A range was requested, but the server sent the whole resource.
        case notPartial
        /// A local file cannot be read or written; `code` is the `errno`.
        case file
    }

    /// The class of failure.
    package var kind: Kind
    /// One line that names the URL or file and the reason.
    package var message: String
    /// The `errno` of a `file` error; otherwise `nil`.
    package var code: Int32?
    /// Whether any part of the request was sent, so that the server may have acted on it.
    package var wasSent = false

    /// Creates an error.
    ///
    /// - Parameter code: the `errno` of a `file` error.
    package init(_ kind: Kind, _ message: String, code: Int32? = nil) {
        self.kind = kind
        self.message = message
        self.code = code
    }

    /// Whether the same request may succeed if it is retried.
    package var isRetryable: Bool { kind == .unreachable || kind == .timeout || kind == .interrupted }

    /// The message.
    package var description: String { message }
}
