import Untrusted

/// Decides where decoded sound belongs on the time line: a gap between time stamps becomes silence, sound that overlaps is
/// dropped. Positions are samples at 48 kHz. Time stamps are foreign: no value of them traps.
struct SoundPlacement {
    /// Where the time line begins.
    enum Origin: Equatable {
        /// The first sample of the sound.
        case ownStart
        /// A moment in seconds; sound before it is dropped.
        case moment(Double)
        /// A moment in seconds, or the first sample where that is earlier.
        case earlierOf(Double)
    }

    /// What precedes a piece of sound.
    struct Step: Equatable {
        /// Samples of silence to insert.
        var silence = 0
        /// Samples to drop from the piece.
        var dropped = 0
    }

    /// An offset that is corrected at once: 25 ms. Recorders write time stamps that are a few milliseconds off in both directions.
    private static let large = AudioEncoder.sampleRate / 40
    /// An offset that is corrected when it persists: 4 ms. Matroska rounds time stamps to milliseconds.
    private static let small = AudioEncoder.sampleRate / 250
    /// Pieces in a row after which a small offset persists.
    private static let persistence = 8
    /// An offset of the first piece that is ignored: 1 ms.
    private static let rounding = AudioEncoder.sampleRate / 1000
    /// Time stamps that step back further, 1 s, begin a new count, as in joined recordings: dropping would lose words.
    private static let overlap = AudioEncoder.sampleRate

    private let limit: Int
    private let requested: Origin
    /// Seconds that are position 0, once known.
    private(set) var origin: Double?
    private var drift = Drift()

    /// - Parameter limit: samples that the time line may have; a gap that leads beyond is ignored.
    init(origin: Origin, limit: Int) {
        requested = origin
        self.limit = limit
    }

    /// Places a piece.
    ///
    /// - Parameters:
    ///   - time: seconds of its first sample; `nil` if unknown: it then follows the piece before.
    ///   - position: the sample at which it would be without a correction.
    mutating func place(_ time: Double?, at position: Int) -> Step {
        guard let time, time.isFinite else { return Step() }
        guard let origin else { return placeFirst(time, at: position) }
        guard let offset = offset(of: time, from: origin, at: position) else {
            follow(time, at: position)
            return Step()
        }
        guard abs(offset) <= Self.large else { return correct(offset) }
        guard let persistent = drift.add(offset) else { return Step() }
        return correct(persistent)
    }

    private mutating func placeFirst(_ time: Double, at position: Int) -> Step {
        switch requested {
        case .ownStart:
            follow(time, at: position)
            return Step()
        case .earlierOf(let moment) where !(moment <= time):
            follow(time, at: position)
            return Step()
        case .moment(let moment), .earlierOf(let moment):
            let seconds = (time - moment) * Double(AudioEncoder.sampleRate) - Double(position)
            guard seconds.isFinite, abs(seconds) + Double(position) < Double(limit) else {
                follow(time, at: position)
                return Step()
            }
            origin = moment
            let offset = Int(clamping: seconds.rounded())
            return abs(offset) > Self.rounding ? correct(offset) : Step()
        }
    }

    /// How much later than its position a piece belongs; `nil` for a time stamp that cannot be believed.
    private func offset(of time: Double, from origin: Double, at position: Int) -> Int? {
        let target = (time - origin) * Double(AudioEncoder.sampleRate)
        guard target.isFinite, abs(target) < Double(limit) else { return nil }
        let offset = Int(clamping: target.rounded()) - position
        return offset >= -Self.overlap ? offset : nil
    }

    /// Counts from this piece on.
    private mutating func follow(_ time: Double, at position: Int) {
        origin = time - Double(position) / Double(AudioEncoder.sampleRate)
        drift = Drift()
    }

    private mutating func correct(_ offset: Int) -> Step {
        drift = Drift()
        return offset > 0 ? Step(silence: offset) : Step(dropped: -offset)
    }

    /// Small offsets in one direction.
    private struct Drift {
        private var least = 0
        private var count = 0

        /// -> the offset, once it persists.
        mutating func add(_ offset: Int) -> Int? {
            guard abs(offset) > SoundPlacement.small else {
                self = Drift()
                return nil
            }
            let goesOn = count > 0 && (offset > 0) == (least > 0)
            least = goesOn && abs(least) < abs(offset) ? least : offset
            count = goesOn ? count + 1 : 1
            return count >= SoundPlacement.persistence ? least : nil
        }
    }
}
