/// Words that are seen for a while.
package struct CaptionCue: Sendable, Equatable {
    /// Seconds.
    package var start: Double
    /// Seconds.
    package var end: Double
    /// One or two.
    package var lines: [String]

    package init(start: Double, end: Double, lines: [String]) {
        self.start = start
        self.end = end
        self.lines = lines
    }
}
