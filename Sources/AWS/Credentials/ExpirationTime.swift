// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Expiration times of temporary credentials in responses and program output.
enum ExpirationTime {
    /// Parses an RFC 3339 time, with or without fractional seconds.
    ///
    /// - Returns: seconds since 1970; `nil` if the text is not a time.
    static func seconds(_ text: String) -> Double? {
        let style = Date.ISO8601FormatStyle()
        let date =
            (try? style.parse(text))
            ?? (try? style.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .colon)
                .parse(text))
        return date?.timeIntervalSince1970
    }
}
