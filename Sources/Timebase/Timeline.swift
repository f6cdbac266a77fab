/// Consecutive parts on one time line whose boundaries are whole frames, or whole samples.
///
/// Each boundary is rounded by itself, from the sum of the seconds before it: it is never more than half a frame from its exact
/// place, however many parts there are.
///
/// ```swift
/// var line = Timeline(rate: FrameRate(30))
/// line.append(seconds: 0.35)  // 0..<11
/// line.append(seconds: 0.35)  // 11..<21
/// ```
package struct Timeline: Sendable {
    /// Units of a number of seconds.
    private let units: @Sendable (Double) -> Int
    /// Seconds of all parts so far.
    package private(set) var seconds = 0.0
    /// Frames or samples of all parts so far.
    package private(set) var end = 0

    /// A time line of frames.
    package init(rate: FrameRate) {
        units = rate.frames
    }

    /// A time line of samples.
    package init(rate: SampleRate) {
        units = rate.samples
    }

    /// Adds a part.
    ///
    /// - Parameter duration: seconds; a negative or infinite number, and NaN, count as 0.
    /// - Returns: its frames or samples; empty for a part that is too short to have one.
    @discardableResult
    package mutating func append(seconds duration: Double) -> Range<Int> {
        if duration.isFinite, duration > 0 { seconds += duration }
        let start = end
        end = max(units(seconds), start)
        return start..<end
    }

    /// The frames of each of some parts: at least one, since a part is seen however short it is.
    ///
    /// - Parameter durations: seconds.
    package static func frames(_ durations: [Double], at rate: FrameRate) -> [Int] {
        var line = Timeline(rate: rate)
        return durations.map { max(line.append(seconds: $0).count, 1) }
    }
}
