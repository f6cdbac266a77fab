/// A stretch of a film in seconds from its first picture.
package struct TimeStretch: Sendable, Equatable {
    package var start: Double
    package var end: Double

    package init(start: Double, end: Double) {
        self.start = start
        self.end = end
    }

    package var length: Double { end - start }
}

/// The stretches over which something holds, and how long they are together.
struct StretchMeter {
    /// Seconds; shorter stretches do not count: a cut through black, two equal frames of an animation.
    static let shortest = 0.5
    /// Stretches that are listed; all of them count.
    static let mostListed = 2000

    private(set) var listed: [TimeStretch] = []
    private(set) var total = 0.0
    private var since: Double?

    /// - Parameters:
    ///   - holds: whether it holds from now on.
    ///   - time: seconds; never less than before.
    mutating func note(_ holds: Bool, at time: Double) {
        if holds {
            if since == nil { since = time }
        } else {
            end(at: time)
        }
    }

    mutating func end(at time: Double) {
        guard let start = since.take() else { return }
        let stretch = TimeStretch(start: start, end: time)
        // Timestamps are rounded to the ticks of a container.
        guard stretch.length >= Self.shortest - 0.002 else { return }
        total += stretch.length
        if listed.count < Self.mostListed { listed.append(stretch) }
    }
}

/// Finds the black and the frozen stretches of a film by its pictures' own times. Made for films that were encoded elsewhere: equal
/// pictures are equal up to grain and to what a lossy codec changes, at key frames above all.
struct FilmStretches {
    /// Levels of luma, of 255: mean and maximum by which the blocks of frozen pictures may differ. Measured on still pictures of x264
    /// at a CRF of 18 to 28 with and without grain: at most 0.42 and 2.2. The smallest motion that must be distinguished, lips of
    /// 18x6 pixels in 640x360, changes a block by 11.
    private static let meanNoise: Float = 0.7
    private static let peakNoise: Float = 3

    private(set) var black = StretchMeter()
    private(set) var frozen = StretchMeter()
    private var reference = PictureBlocks(PictureLook())
    /// Seconds for which the first picture is held before its own time, since the film's sound begins before it.
    private let delay: Double
    private var origin: Double?
    private var time = 0.0

    init(delay: Double = 0) { self.delay = delay }

    mutating func add(_ look: PictureLook) {
        if let moment = look.time {
            if let origin { time = max(moment - origin, time) }
            origin = origin ?? moment - delay
        }
        black.note(look.isBlack, at: time)
        // Against the first picture of the stretch, so that slow motion adds up.
        if look.samples.isEmpty || look.samples != reference.look.samples {
            let blocks = PictureBlocks(look)
            if !blocks.isLike(reference, mean: Self.meanNoise, peak: Self.peakNoise) {
                frozen.end(at: time)
                reference = blocks
            }
        }
        frozen.note(true, at: time)
    }

    /// - Parameter end: seconds from the film's beginning.
    mutating func finish(at end: Double) {
        black.end(at: end)
        frozen.end(at: end)
    }
}

extension FilmStretches {
    /// Points that say how much of a film shows or sounds like nothing; at most half of it should.
    static func findings(
        black: StretchMeter, frozen: StretchMeter, silent: StretchMeter, of seconds: Double
    ) -> [DeliveryFinding] {
        [("black_total", black), ("frozen_total", frozen), ("silent_total", silent)].map { name, meter in
            DeliveryFinding(
                name,
                "\(DeliveryFinding.number(meter.total, digits: 1)) of \(DeliveryFinding.number(seconds, digits: 1)) s",
                value: meter.total, "at most half of the film", meter.total <= seconds / 2,
                stretches: meter.listed)
        }
    }
}
