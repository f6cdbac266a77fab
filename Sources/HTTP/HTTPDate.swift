import CCurl
import Glibc
import Untrusted

/// Moments as HTTP's headers write them.
package enum HTTPDate {
    /// - Parameter text: e.g. `Fri, 24 May 2013 00:00:00 GMT`.
    /// - Returns: seconds since 1970; `nil` for what is no such date.
    package static func seconds(_ text: String) -> Double? {
        let seconds = curl_getdate(text, nil)
        return seconds < 0 ? nil : Double(seconds)
    }
}

extension HTTPResponse {
    /// Seconds that the server asks to wait before the next try: `retry-after-ms`, else `retry-after` as seconds or a date. From 0
    /// to 30 days, whatever the server writes; `nil` for what is neither a number nor a date.
    package var retryAfter: Double? {
        if let milliseconds = headers["retry-after-ms"].flatMap(Double.init), Self.isWait(milliseconds) {
            return (milliseconds / 1000).clamped(to: Self.retryRange)
        }
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = Double(text) { return Self.isWait(seconds) ? seconds.clamped(to: Self.retryRange) : nil }
        return HTTPDate.seconds(text).map { ($0 - Double(time(nil))).clamped(to: Self.retryRange) }
    }

    /// Whether a number can be meant as a time to wait: negative and infinite ones are ignored, as other texts are.
    private static func isWait(_ number: Double) -> Bool { number.isFinite && number >= 0 }

    private static let retryRange = 0.0...30 * 86_400
}
