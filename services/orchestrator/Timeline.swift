/// Durations to frames on one cumulative time line, so that rounding never adds up.
enum Timeline {
    /// The frames of each segment.
    ///
    /// - Parameters:
    ///   - durations: seconds.
    ///   - fps: frames per second.
    static func frames(_ durations: [Double], fps: Double) -> [Int] {
        var seconds = 0.0
        var start = 0
        return durations.map { duration in
            seconds += duration
            let end = Int((seconds * fps).rounded())
            defer { start = end }
            // A segment is seen, however short.
            return max(end - start, 1)
        }
    }
}
