/// Bounds that captions keep to be readable.
enum CaptionLimits {
    /// Columns of a line.
    static let columns = 42
    /// Characters a second that can be read.
    static let readingSpeed = 17.0
    /// Seconds that a caption stays at least, where there is room.
    static let shortest = 1.0
    /// Seconds that a caption stays at most.
    static let longest = 7.0
}
