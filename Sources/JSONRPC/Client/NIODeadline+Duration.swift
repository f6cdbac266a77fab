// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension NIODeadline {
    /// The longest duration that a deadline can be away, about 30 years.
    private static let longest: Int64 = 1_000_000_000_000

    /// The time at which a duration has passed, in whole milliseconds.
    static func after(_ duration: Duration) -> NIODeadline {
        // trusted: bounded here
        .now() + .milliseconds(min(max(duration.milliseconds, 0), longest))
    }
}
