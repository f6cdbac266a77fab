// SPDX-License-Identifier: Apache-2.0

import CCurl
import Glibc
import Untrusted

/// Dates in HTTP header fields.
package enum HTTPDate {
    /// Parses an HTTP date.
    ///
    /// - Parameter text: for example `Fri, 24 May 2013 00:00:00 GMT`.
    /// - Returns: seconds since 1970; `nil` if the text is not a date.
    package static func seconds(_ text: String) -> Double? {
        let seconds = curl_getdate(text, nil)
        return seconds < 0 ? nil : Double(seconds)
    }
}

extension HTTPResponse {
    /// The delay in seconds that the server requests before a retry: `retry-after-ms`, otherwise `retry-after` as seconds or a date.
    ///
    /// Clamped to 0 seconds...30 days; `nil` if there is neither a number nor a date.
    package var retryAfter: Double? {
        if let milliseconds = headers["retry-after-ms"].flatMap(Double.init), Self.isValidDelay(milliseconds) {
            return (milliseconds / 1000).clamped(to: Self.retryRange)
        }
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = Double(text) { return Self.isValidDelay(seconds) ? seconds.clamped(to: Self.retryRange) : nil }
        return HTTPDate.seconds(text).map { ($0 - Double(time(nil))).clamped(to: Self.retryRange) }
    }

    /// Whether a number is a plausible delay. Negative and infinite values are ignored, like malformed text.
    private static func isValidDelay(_ number: Double) -> Bool { number.isFinite && number >= 0 }

    private static let retryRange = 0.0...30 * 86_400
}
