/// Music below a film's narration: as long as the film, soft, softer under speech, faded in and out.
struct MusicBed: ~Copyable {
    /// Samples over which the music fades in at the film's start, 0.5 s, and out at its end, 2 s.
    private static let fadeIn = AudioEncoder.sampleRate / 2
    private static let fadeOut = 2 * AudioEncoder.sampleRate

    private var music: MusicLoop
    private var ducking: Ducking
    private let level: Float
    private let length: Int

    /// - Parameters:
    ///   - path: any file with sound, at least 0.1 s.
    ///   - length: samples of the whole film.
    ///   - level: dB relative to the file, -60 to 12.
    /// - Throws: what is wrong with the file; `invalidArgument` for a level out of bounds.
    init(_ path: String, length: Int, level: Double = -14) throws(MediaError) {
        guard (-60...12).contains(level) else {
            throw MediaError(.invalidArgument, "music at \(level) dB; its level is from -60 to 12 dB")
        }
        music = try MusicLoop(path)
        ducking = Ducking()
        self.level = Decibels.gain(level)
        self.length = length
    }

    /// Why the music ended before the film, if it did.
    var warnings: [String] { music.warnings }

    /// The same, for an owner that holds an optional bed.
    mutating func takeWarnings() -> [String] { music.warnings }

    /// Adds the music to a piece of the narration; the pieces come in order and without gaps.
    ///
    /// - Parameter position: the piece's first sample in the film.
    mutating func mix(into narration: StereoSamples, at position: Int) throws(MediaError) -> StereoSamples {
        let music = try music.read(narration.count)
        let gains = gains(under: narration, at: position)
        var mixed = narration
        mixed.withMutableChannels { left, right in
            music.withChannels { musicLeft, musicRight in
                for index in 0..<music.count {
                    left[index] += musicLeft[index].playable * gains[index]
                    right[index] += musicRight[index].playable * gains[index]
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
