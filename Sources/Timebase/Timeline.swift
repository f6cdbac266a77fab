// SPDX-License-Identifier: Apache-2.0

/// A time line of consecutive parts whose boundaries are whole frames or whole samples.
///
/// Each boundary is rounded from the cumulative duration: it is never more than half a frame from its exact time,
/// regardless of the number of parts.
///
/// ```swift
/// var timeline = Timeline(rate: FrameRate(30))
/// timeline.append(seconds: 0.35)  // 0..<11
/// timeline.append(seconds: 0.35)  // 11..<21
/// ```
package struct Timeline: Sendable {
    /// Converts seconds to frames or samples.
    private let units: @Sendable (Double) -> Int
    /// Duration of all parts so far, in seconds.
    package private(set) var seconds = 0.0
    /// Frames or samples of all parts so far: where the next part starts.
    package private(set) var end = 0

    /// Creates a time line of frames.
    package init(rate: FrameRate) {
        units = rate.frames
    }

    /// Creates a time line of samples.
    package init(rate: SampleRate) {
        units = rate.samples
    }

    /// Appends a part.
    ///
    /// - Parameter duration: Duration in seconds; negative and infinite values and NaN count as 0.
    /// - Returns: The frames or samples of the part; empty if it is too short for one.
    @discardableResult
    package mutating func append(seconds duration: Double) -> Range<Int> {
        if duration.isFinite, duration > 0 { seconds += duration }
        let start = end
        end = max(units(seconds), start)
        return start..<end
    }

    /// The number of frames of each part, at least one: every part is shown, however short.
    ///
    /// - Parameters:
    ///   - durations: Duration of each part, in seconds.
    ///   - rate: Frame rate of the time line.
    package static func frames(_ durations: [Double], at rate: FrameRate) -> [Int] {
        var timeline = Timeline(rate: rate)
        return durations.map { max(timeline.append(seconds: $0).count, 1) }
    }
}
