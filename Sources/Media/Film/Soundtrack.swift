/// The whole sound of a film: the narrations on their time line, music below them, brought to a loudness.
struct Soundtrack: ~Copyable {
    /// The true peak that stays below -1 dBTP when it is coded, whatever the sound is. dBTP.
    private static let ceiling = -2.5
    private static let mostPasses = 4
    /// LU.
    private static let tolerance = 0.2

    private(set) var narration: FilmSound
    private var music: MusicBed?
    private var limiter: PeakLimiter?
    private var meter: LoudnessMeter
    private let isMeasuring: Bool
    /// The factor that brings the film to its loudness.
    private let gain: Float
    /// What could not be done to the whole sound.
    private var faults: [String]

    /// The narrations alone.
    init(_ narration: consuming FilmSound) throws(MediaError) {
        self.narration = narration
        music = nil
        limiter = nil
        meter = try LoudnessMeter()
        isMeasuring = false
        gain = 1
        faults = []
    }

    /// - Parameter starts: the frame at which each part begins, and the end.
    static func make(_ recipe: FilmRecipe, starts: [Int], cancelled: () -> Bool) throws(MediaError) -> Soundtrack {
        var gain: Float = 1
        var faults: [String] = []
        if let wanted = recipe.loudness {
            // A pass that measures before the one that is heard; where the limiter takes loudness away, it is measured again.
            for _ in 0..<Self.mostPasses {
                var pass = try Soundtrack(recipe, starts: starts, gain: gain, measuring: true, faults: [])
                while try pass.next() != nil { if cancelled() { throw MediaError(.cancelled, "cancelled") } }
                _ = try pass.finish()
                guard let found = pass.measured?.integrated else {
                    faults.append("the film is silent, or shorter than 0.4 s: its loudness stays as it is")
                    break
                }
                if abs(wanted - found) < Self.tolerance { break }
                gain *= Decibels.gain(wanted - found)
            }
        }
        return try Soundtrack(
            recipe, starts: starts, gain: gain, measuring: recipe.loudness != nil, faults: faults)
    }

    private init(
        _ recipe: FilmRecipe, starts: [Int], gain: Float, measuring: Bool, faults: [String]
    ) throws(MediaError) {
        narration = FilmSound(parts: recipe.parts, starts: starts, rate: recipe.format.rate)
        var faults = faults
        var bed: MusicBed?
        if let music = recipe.music {
            do throws(MediaError) {
                bed = try MusicBed(music.path, length: narration.length, level: music.level)
            } catch  where error.kind != .cancelled && error.kind != .internal && error.kind != .invalidArgument {
                faults.append("\(error.message); the film has no music")
            }
        }
        limiter = recipe.loudness != nil || recipe.music != nil ? PeakLimiter(ceiling: Self.ceiling) : nil
        meter = try LoudnessMeter()
        isMeasuring = measuring
        music = bed
        self.gain = gain
        self.faults = faults
    }

    /// One sentence for each thing that could not be used.
    mutating func warnings() -> [String] {
        let ofMusic = music != nil ? music!.takeWarnings() : []
        return narration.warnings + ofMusic + faults
    }

    /// Of all that was given out; `nil` where nobody asked for a loudness.
    var measured: Loudness? {
        isMeasuring ? Loudness(integrated: meter.integrated, truePeak: meter.truePeak) : nil
    }

    /// Decodes what is left of the narration at hand. -> samples of the whole narration.
    mutating func narrationLength(cancelled: () -> Bool) throws(MediaError) -> Int {
        try narration.narrationLength(cancelled: cancelled)
    }

    /// The next samples; `nil` once the time line reaches the sample. The limiter holds some back until `finish`.
    mutating func next(upTo sample: Int = .max) throws(MediaError) -> StereoSamples? {
        let position = narration.position
        guard var samples = try narration.next(upTo: sample) else { return nil }
        if music != nil { samples = try music!.mix(into: samples, at: position) }
        if gain != 1 { samples.amplify(gain) }
        if limiter != nil { samples = limiter!.process(samples) }
        if isMeasuring { try meter.add(samples) }
        return samples
    }

    /// What was held back.
    mutating func finish() throws(MediaError) -> StereoSamples {
        guard limiter != nil else { return StereoSamples() }
        let samples = limiter!.finish()
        if isMeasuring { try meter.add(samples) }
        return samples
    }
}
