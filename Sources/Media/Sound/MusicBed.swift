// SPDX-License-Identifier: Apache-2.0

/// Background music of a film: as long as the film, quieter under speech, faded in and out.
struct MusicBed: ~Copyable {
    /// Samples of the fade-in at the film's start, 0.5 s, and of the fade-out at its end, 2 s.
    private static let fadeIn = AudioEncoder.sampleRate / 2
    private static let fadeOut = 2 * AudioEncoder.sampleRate

    private var music: MusicLoop
    private var ducking: Ducking
    private let level: Float
    private let length: Int

    /// - Parameters:
    ///   - path: A file with at least 0.1 s of sound.
    ///   - length: Samples of the whole film.
    ///   - level: dB relative to the file, -60 to 12.
    /// - Throws: `MediaError` if the file cannot be read; `invalidArgument` for a level out of range.
    init(_ path: String, length: Int, level: Double = -14) throws(MediaError) {
        guard (-60...12).contains(level) else {
            throw MediaError(.invalidArgument, "the music level must be from -60 to 12 dB, found \(level)")
        }
        music = try MusicLoop(path)
        ducking = Ducking()
        self.level = Decibels.gain(level)
        self.length = length
    }

    /// Why the music ended before the film, if it did.
    var warnings: [String] { music.warnings }

    /// Same as `warnings`, for an owner of an optional bed.
    mutating func takeWarnings() -> [String] { music.warnings }

    /// Adds the music to a piece of the narration. Pieces must be in order and without gaps.
    ///
    /// - Parameter position: The piece's first sample in the film.
    mutating func mix(into narration: StereoSamples, at position: Int) throws(MediaError) -> StereoSamples {
        let music = try music.read(narration.count)
        let gains = gains(under: narration, at: position)
        var mixed = narration
        mixed.withMutableChannels { left, right in
            music.withChannels { musicLeft, musicRight in
                for index in 0..<music.count {
                    left[index] += musicLeft[index].sanitized * gains[index]
                    right[index] += musicRight[index].sanitized * gains[index]
                }
            }
        }
        return mixed
    }

    private mutating func gains(under narration: StereoSamples, at position: Int) -> [Float] {
        let (level, length) = (level, length)
        return [Float](unsafeUninitializedCapacity: narration.count) { gains, filled in
            let gains = UnsafeMutableBufferPointer(rebasing: gains[..<narration.count])
            ducking.follow(narration, into: gains)
            for index in 0..<gains.count {
                let (sinceStart, untilEnd) = (position + index, length - position - index)
                if sinceStart < Self.fadeIn { gains[index] *= max(Float(sinceStart) / Float(Self.fadeIn), 0) }
                if untilEnd < Self.fadeOut { gains[index] *= max(Float(untilEnd) / Float(Self.fadeOut), 0) }
                gains[index] *= level
            }
            filled = narration.count
        }
    }
}
