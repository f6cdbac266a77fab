// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// Determines the position of decoded sound on the time line: a gap between timestamps becomes silence, overlapping
/// sound is dropped. Positions are samples at 48 kHz. Timestamps are untrusted: no value traps.
struct SoundPlacement {
    /// The origin of the time line.
    enum Origin: Equatable {
        /// The first sample of the sound.
        case ownStart
        /// A time in seconds. Sound before it is dropped.
        case time(Double)
        /// A time in seconds, or the first sample if that is earlier.
        case earlierOf(Double)
    }

    /// What to do before a piece of sound.
    struct Step: Equatable {
        /// Samples of silence to insert.
        var silence = 0
        /// Samples to drop from the piece.
        var dropped = 0
    }

    /// An offset that is corrected at once: 25 ms. Recorders write timestamps that are a few milliseconds off in both
    /// directions.
    private static let immediateOffset = AudioEncoder.sampleRate / 40
    /// An offset that is corrected if it persists: 4 ms. Matroska rounds timestamps to milliseconds.
    private static let persistentOffset = AudioEncoder.sampleRate / 250
    /// Number of consecutive pieces after which a small offset persists.
    private static let persistence = 8
    /// An offset of the first piece that is ignored: 1 ms.
    private static let ignoredOffset = AudioEncoder.sampleRate / 1000
    /// Timestamps that step back further, 1 s, start a new count, as in joined recordings: dropping would lose words.
    private static let maximumOverlap = AudioEncoder.sampleRate

    private let limit: Int
    private let requested: Origin
    /// Time of position 0 in seconds, once known.
    private(set) var origin: Double?
    private var drift = Drift()

    /// - Parameter limit: Maximum samples of the time line. A gap that leads beyond is ignored.
    init(origin: Origin, limit: Int) {
        requested = origin
        self.limit = limit
    }

    /// Places a piece.
    ///
    /// - Parameters:
    ///   - time: Time of its first sample in seconds; `nil` if unknown: it then follows the piece before.
    ///   - position: Its position without a correction.
    mutating func place(_ time: Double?, at position: Int) -> Step {
        guard let time, time.isFinite else { return Step() }
        guard let origin else { return placeFirst(time, at: position) }
        guard let offset = offset(of: time, from: origin, at: position) else {
            follow(time, at: position)
            return Step()
        }
        guard abs(offset) <= Self.immediateOffset else { return correct(offset) }
        guard let persistent = drift.add(offset) else { return Step() }
        return correct(persistent)
    }

    private mutating func placeFirst(_ time: Double, at position: Int) -> Step {
        switch requested {
        case .ownStart:
            follow(time, at: position)
            return Step()
        case .earlierOf(let start) where !(start <= time):
            follow(time, at: position)
            return Step()
        case .time(let start), .earlierOf(let start):
            let seconds = (time - start) * Double(AudioEncoder.sampleRate) - Double(position)
            guard seconds.isFinite, abs(seconds) + Double(position) < Double(limit) else {
                follow(time, at: position)
                return Step()
            }
            origin = start
            let offset = Int(clamping: seconds.rounded())
            return abs(offset) > Self.ignoredOffset ? correct(offset) : Step()
        }
    }

    /// Samples by which a piece belongs later than its position; `nil` for an implausible timestamp.
    private func offset(of time: Double, from origin: Double, at position: Int) -> Int? {
        let target = (time - origin) * Double(AudioEncoder.sampleRate)
        guard target.isFinite, abs(target) < Double(limit) else { return nil }
        let offset = Int(clamping: target.rounded()) - position
        return offset >= -Self.maximumOverlap ? offset : nil
    }

    /// Starts a new count with this piece.
    private mutating func follow(_ time: Double, at position: Int) {
        origin = time - Double(position) / Double(AudioEncoder.sampleRate)
        drift = Drift()
    }

    private mutating func correct(_ offset: Int) -> Step {
        drift = Drift()
        return offset > 0 ? Step(silence: offset) : Step(dropped: -offset)
    }

    /// Detects small offsets in one direction.
    private struct Drift {
        private var least = 0
        private var count = 0

        /// Adds an offset.
        ///
        /// - Returns: The offset to correct, once it persists.
        mutating func add(_ offset: Int) -> Int? {
            guard abs(offset) > SoundPlacement.persistentOffset else {
                self = Drift()
                return nil
            }
            let continues = count > 0 && (offset > 0) == (least > 0)
            least = continues && abs(least) < abs(offset) ? least : offset
            count = continues ? count + 1 : 1
            return count >= SoundPlacement.persistence ? least : nil
        }
    }
}
