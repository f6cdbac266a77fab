// SPDX-License-Identifier: Apache-2.0

/// A time range of a film.
package struct TimeRange: Sendable, Equatable {
    /// Seconds from the film's first picture.
    package var start: Double
    /// Seconds from the film's first picture.
    package var end: Double

    /// Creates the range from `start` to `end`, both in seconds.
    package init(start: Double, end: Double) {
        self.start = start
        self.end = end
    }

    /// Duration in seconds.
    package var duration: Double { end - start }
}
