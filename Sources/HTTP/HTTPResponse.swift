// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// A response of a server. Every status is a response, not an error.
package struct HTTPResponse: Sendable {
    /// The status code.
    package var status: Int
    /// The header fields of the final response, with lowercase names.
    package var headers: HTTPHeaders
    /// The body; empty if it was written to a file.
    package var body: Data
    /// Size of the received body in bytes, in memory or in a file.
    package var bodySize: Int
    /// The target of a redirect as an absolute URL.
    var redirection: String?

    /// Creates a response.
    package init(status: Int, headers: HTTPHeaders = [:], body: Data = Data(), bodySize: Int = 0) {
        self.status = status
        self.headers = headers
        self.body = body
        self.bodySize = bodySize
    }

    /// Whether the status is 2xx.
    package var isSuccess: Bool { (200..<300).contains(status) }
}
