// SPDX-License-Identifier: Apache-2.0

import Contracts

/// Times in UTC, for people.
///
/// Both formats are parts of `Timestamp.text`. Foundation's styles would format the date as a binary fraction of seconds and cut its
/// milliseconds instead of rounding them.
enum TimeFormat {
    /// `2026-11-23 15:06:00 UTC`
    static func dateAndTime(_ time: Timestamp) -> String {
        "\(time.text.prefix(10)) \(time.text.dropFirst(11).prefix(8)) UTC"
    }

    /// `15:06:00.103`
    static func timeOfDay(_ time: Timestamp) -> String { String(time.text.dropFirst(11).dropLast()) }
}

extension Timestamp {
    /// Seconds from another time to this one; negative if the other one is later.
    func seconds(since other: Timestamp) -> Double { Double(milliseconds - other.milliseconds) / 1000 }
}
