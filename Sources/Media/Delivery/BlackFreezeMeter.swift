// SPDX-License-Identifier: Apache-2.0

/// Measures how long a film is black or frozen, by the presentation times of its pictures. For films encoded elsewhere:
/// equal pictures differ by grain and by what a lossy codec changes, especially at key frames.
struct BlackFreezeMeter {
    /// Maximum mean and peak difference between the blocks of frozen pictures, in luma levels of 255. Measured on still
    /// pictures of x264 at a CRF of 18 to 28, with and without grain: at most 0.42 and 2.2. The smallest motion to
    /// distinguish, lips of 18x6 pixels in 640x360, changes a block by 11.
    private static let meanNoise: Float = 0.7
    private static let peakNoise: Float = 3

    private(set) var black = TimeRangeCollector()
    private(set) var frozen = TimeRangeCollector()
    private var reference = ThumbnailBlocks(LumaThumbnail())
    /// Seconds for which the first picture is shown before its own time, because the film's sound starts earlier.
    private let delay: Double
    private var origin: Double?
    private var time = 0.0

    init(delay: Double = 0) { self.delay = delay }

    mutating func add(_ thumbnail: LumaThumbnail) {
        if let timestamp = thumbnail.time {
            if let origin { time = max(timestamp - origin, time) }
            origin = origin ?? timestamp - delay
        }
        black.record(thumbnail.isBlack, at: time)
        // Compared with the first picture of the range, so that slow motion adds up.
        if thumbnail.samples.isEmpty || thumbnail.samples != reference.thumbnail.samples {
            let blocks = ThumbnailBlocks(thumbnail)
            if !blocks.matches(reference, mean: Self.meanNoise, peak: Self.peakNoise) {
                frozen.end(at: time)
                reference = blocks
            }
        }
        frozen.record(true, at: time)
    }

    /// - Parameter end: Seconds from the start of the film.
    mutating func finish(at end: Double) {
        black.end(at: end)
        frozen.end(at: end)
    }
}

extension BlackFreezeMeter {
    /// Findings on the total black, frozen and silent time, each of which should be at most half of the film.
    static func findings(
        black: TimeRangeCollector, frozen: TimeRangeCollector, silent: TimeRangeCollector, of seconds: Double
    ) -> [DeliveryFinding] {
        [("black_total", black), ("frozen_total", frozen), ("silent_total", silent)].map { name, collector in
            DeliveryFinding(
                name,
                "\(DeliveryFinding.number(collector.total, digits: 1)) of \(DeliveryFinding.number(seconds, digits: 1)) s",
                value: collector.total, "at most half of the film", collector.total <= seconds / 2,
                ranges: collector.ranges)
        }
    }
}
