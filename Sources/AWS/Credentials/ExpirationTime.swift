import FoundationEssentials

/// When temporary credentials expire, as services and programs write it.
enum ExpirationTime {
    /// - Parameter text: RFC 3339, with or without fractions.
    /// - Returns: seconds since 1970.
    static func seconds(_ text: String) -> Double? {
        let plain = Date.ISO8601FormatStyle()
        let date =
            (try? plain.parse(text))
            ?? (try? plain.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .colon)
                .parse(text))
        return date?.timeIntervalSince1970
    }
}
