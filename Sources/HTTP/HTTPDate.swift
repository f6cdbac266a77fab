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
        if let milliseconds = headers["retry-after-ms"].flatMap(Double.init), !milliseconds.isNaN {
            return (milliseconds / 1000).clamped(to: Self.retryRange)
        }
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = Double(text) { return seconds.isNaN ? nil : seconds.clamped(to: Self.retryRange) }
        return HTTPDate.seconds(text).map { ($0 - Double(time(nil))).clamped(to: Self.retryRange) }
    }

    private static let retryRange = 0.0...30 * 86_400
}
