// SPDX-License-Identifier: Apache-2.0

package import Parameters

/// Defaults of a search for events.
package enum LogDefaults {
    /// The number of events that one search returns.
    package static let page = 100
}

/// Bounds of logged events and of searches for them.
package enum LogBounds {
    /// The type of a logged event.
    package static let eventType = TextRule(
        1...64, .bytes, expected: "1 to 64 characters of a-z 0-9 _ .", pattern: "^[a-z0-9_.]{1,64}$"
    ) { text in
        text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: ".")
        }
    }
    /// A job's id or an event type in a search.
    package static let name = TextRule(1...256, .bytes)
    /// The number of events that one search returns.
    package static let page = NumberBound(1...10_000, default: LogDefaults.page)
}
