import CCurl
import Glibc

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
    /// Seconds that the server asks to wait before the next try: `retry-after-ms`, else `retry-after` as seconds or a date.
    package var retryAfter: Double? {
        if let milliseconds = headers["retry-after-ms"].flatMap(Double.init), milliseconds.isFinite, milliseconds >= 0 {
            return milliseconds / 1000
        }
        guard let text = headers["retry-after"] else { return nil }
        if let seconds = Double(text) { return seconds.isFinite && seconds >= 0 ? seconds : nil }
        return HTTPDate.seconds(text).map { max(0, $0 - Double(time(nil))) }
    }
}
