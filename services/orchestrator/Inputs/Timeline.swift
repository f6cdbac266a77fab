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
            // trusted: 1000 hours at the most, as was checked
            let end = Int((seconds * exact(fps)).rounded())
            defer { start = end }
            // A segment is seen, however short.
            return max(end - start, 1)
        }
    }

    /// The rate that a decimal number stands for: 29.97 is 30000/1001.
    static func exact(_ fps: Double) -> Double {
        let whole = fps.rounded()
        return abs(fps - whole * 1000 / 1001) < 0.006 ? whole * 1000 / 1001 : fps
    }
}
