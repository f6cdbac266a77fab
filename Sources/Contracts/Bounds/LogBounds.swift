package import Parameters

/// What holds where a search for events says nothing.
package enum LogDefaults {
    package static let page = 100
}

/// Bounds of logged events.
package enum LogBounds {
    /// An event's type.
    package static let eventType = TextRule(
        1...64, .bytes, expected: "1 to 64 of a-z 0-9 _ .", pattern: "^[a-z0-9_.]{1,64}$"
    ) { text in
        text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: ".")
        }
    }
    /// A job's id, or a type, of events that are searched for.
    package static let name = TextRule(1...256, .bytes)
    /// Events that one search returns.
    package static let page = NumberBound(1...10_000, standard: LogDefaults.page)
}
