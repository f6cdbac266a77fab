package import FoundationEssentials

/// What a server answered; every status is an answer, not an error.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    /// Empty where the body went to a file.
    package var body: Data
    /// Bytes of the body, wherever it went.
    package var bodySize: Int
    /// Where a redirect leads, as an absolute URL.
    var redirection: String?

    package init(status: Int, headers: HTTPHeaders = [:], body: Data = Data(), bodySize: Int = 0) {
        self.status = status
        self.headers = headers
        self.body = body
        self.bodySize = bodySize
    }

    package var isSuccess: Bool { (200..<300).contains(status) }
}
