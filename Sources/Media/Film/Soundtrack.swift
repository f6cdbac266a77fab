// SPDX-License-Identifier: Apache-2.0

/// The complete sound of a film: its narrations with background music, normalised to a target loudness.
struct Soundtrack: ~Copyable {
    /// Ceiling of the limiter, in dBTP, that keeps any encoded sound below -1 dBTP.
    private static let ceiling = -2.5
    private static let maximumPasses = 4
    /// Maximum deviation from the target loudness, in LU.
    private static let tolerance = 0.2

    private(set) var narration: FilmSound
    private var music: MusicBed?
    private var limiter: PeakLimiter?
    private var meter: LoudnessMeter
    private let isMeasuring: Bool
    /// Gain that brings the film to its target loudness.
    private let gain: Float
    /// Problems that affect the whole sound.
    private var problems: [String]

    /// Creates the soundtrack of narrations alone.
    init(_ narration: consuming FilmSound) throws(MediaError) {
        self.narration = narration
        music = nil
        limiter = nil
        meter = try LoudnessMeter()
        isMeasuring = false
        gain = 1
        problems = []
    }

    /// Creates the soundtrack of a film. Measures its loudness first if the recipe has a target.
    ///
    /// - Parameter starts: The first frame of each part, then the length of the film.
    static func make(_ recipe: FilmRecipe, starts: [Int], cancelled: () -> Bool) throws(MediaError) -> Soundtrack {
        var gain: Float = 1
        var problems: [String] = []
        if let target = recipe.loudness {
            // Measured before the final pass, and again if the limiter reduced the loudness.
            for _ in 0..<Self.maximumPasses {
                var pass = try Soundtrack(recipe, starts: starts, gain: gain, measuring: true, problems: [])
                while try pass.next() != nil { if cancelled() { throw MediaError(.cancelled, "cancelled") } }
                _ = try pass.finish()
                guard let integrated = pass.measured?.integrated else {
                    problems.append("the film is silent, or shorter than 0.4 s: its loudness was not changed")
                    break
                }
                if abs(target - integrated) < Self.tolerance { break }
                gain *= Decibels.gain(target - integrated)
            }
        }
        return try Soundtrack(
            recipe, starts: starts, gain: gain, measuring: recipe.loudness != nil, problems: problems)
    }

    private init(
        _ recipe: FilmRecipe, starts: [Int], gain: Float, measuring: Bool, problems: [String]
    ) throws(MediaError) {
        narration = FilmSound(parts: recipe.parts, starts: starts, rate: recipe.format.rate)
        var problems = problems
        var bed: MusicBed?
        if let music = recipe.music {
            do throws(MediaError) {
                bed = try MusicBed(music.path, length: narration.length, level: music.level)
            } catch  where error.kind != .cancelled && error.kind != .internal && error.kind != .invalidArgument {
                problems.append("\(error.message); the film has no music")
            }
        }
        limiter = recipe.loudness != nil || recipe.music != nil ? PeakLimiter(ceiling: Self.ceiling) : nil
        meter = try LoudnessMeter()
        isMeasuring = measuring
        music = bed
        self.gain = gain
        self.problems = problems
    }

    /// Problems, one sentence each.
    mutating func warnings() -> [String] {
        let musicWarnings = music != nil ? music!.takeWarnings() : []
        return narration.warnings + musicWarnings + problems
    }

    /// Loudness of all samples returned so far; `nil` without a target.
    var measured: Loudness? {
        isMeasuring ? Loudness(integrated: meter.integrated, truePeak: meter.truePeak) : nil
    }

    /// Decodes the rest of the current narration.
    ///
    /// - Returns: Length of the whole narration in samples.
    mutating func narrationLength(cancelled: () -> Bool) throws(MediaError) -> Int {
        try narration.narrationLength(cancelled: cancelled)
    }

    /// The next samples; `nil` once the time line reaches `sample`. The limiter delays some until `finish`.
    mutating func next(upTo sample: Int = .max) throws(MediaError) -> StereoSamples? {
        let position = narration.position
        guard var samples = try narration.next(upTo: sample) else { return nil }
        if music != nil { samples = try music!.mix(into: samples, at: position) }
        if gain != 1 { samples.amplify(gain) }
        if limiter != nil { samples = limiter!.process(samples) }
        if isMeasuring { try meter.add(samples) }
        return samples
    }

    /// The samples that the limiter delayed.
    mutating func finish() throws(MediaError) -> StereoSamples {
        guard limiter != nil else { return StereoSamples() }
        let samples = limiter!.finish()
        if isMeasuring { try meter.add(samples) }
        return samples
    }
}
