// SPDX-License-Identifier: Apache-2.0

/// A caption: lines of text shown between two times.
package struct CaptionCue: Sendable, Equatable {
    /// Time at which the text appears, in seconds.
    package var start: Double
    /// Time at which the text disappears, in seconds.
    package var end: Double
    /// The text, one or two lines.
    package var lines: [String]

    /// Creates a cue shown from `start` to `end`, both in seconds.
    package init(start: Double, end: Double, lines: [String]) {
        self.start = start
        self.end = end
        self.lines = lines
    }
}
