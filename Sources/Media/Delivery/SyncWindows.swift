import Timebase

/// Finds each narration in a film's sound, and how far it is from its place.
struct SyncWindows {
    enum Outcome: Equatable {
        /// Seconds that the narration comes too late.
        case offset(Double)
        case silent
        case unlike
    }

    struct Result {
        let segmentID: String
        let outcome: Outcome
    }

    /// Samples searched to each side of the place, 0.2 s, and samples compared, up to 4 s.
    private static let reach = AudioEncoder.sampleRate / 5
    private static let length = 4 * AudioEncoder.sampleRate
    /// Samples of silence before a narration that are compared too: 50 ms.
    private static let lead = AudioEncoder.sampleRate / 20
    /// Samples of one step of the first, coarse search: 1 ms.
    private static let coarse = AudioEncoder.sampleRate / 1000
    /// How like the outlines must be, 0 to 1, to say where the waves are looked for.
    private static let likeOutline: Float = 0.4
    /// How like the waves must be. Measured with speech against other speech of the same voice: of half a second at 8 kHz, at most
    /// 0.51; of up to four seconds at 4 kHz, at most 0.25. The same speech has at least 0.64, or 0.5, when it was equalised, coded at
    /// 12 kbit/s, played at 95 to 105 % of its speed, or mixed with as much music.
    private static let likeWave: Float = 0.6
    private static let likeWhole: Float = 0.3
    /// How like the outlines of unlike waves must be to leave it open what is heard, as under a strong reverberation. Outlines alone
    /// prove nothing: those of two narrations are as like as 0.59.
    private static let openOutline: Float = 0.6
    /// By how much waves may be less like than the most like ones, so that the nearest are chosen: a tone is as like itself one
    /// wave later.
    private static let tie: Float = 0.02

    private struct Window {
        let narration: ExpectedNarration
        /// The place of `heard[0]` in the film.
        let start: Int
        let end: Int
        /// Where the segment begins.
        let place: Int
        var heard: [Float] = []
    }

    private var windows: [Window] = []
    private var open = 0

    init(_ narrations: [ExpectedNarration]) {
        var line = Timeline(rate: AudioEncoder.clock)
        for narration in narrations {
            let segment = line.append(seconds: narration.duration)
            let (place, end) = (segment.lowerBound, segment.upperBound)
            guard narration.audio != nil else { continue }
            windows.append(
                Window(
                    narration: narration, start: max(place - Self.reach, 0),
                    end: min(end, place + Self.length) + Self.reach, place: place))
        }
    }

    /// Takes a piece of the film's sound; pieces come in order.
    mutating func add(_ samples: StereoSamples, at position: Int) {
        while open < windows.count, windows[open].end <= position { open += 1 }
        var index = open
        while index < windows.count, windows[index].start < position + samples.count {
            let (from, to) = (max(windows[index].start, position), min(windows[index].end, position + samples.count))
            if from < to { windows[index].heard += samples.mono(from - position..<to - position) }
            index += 1
        }
    }

    func results(cancelled: () -> Bool) throws(MediaError) -> [Result] {
        var results: [Result] = []
        for window in windows {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            if let outcome = try Self.outcome(window) {
                results.append(Result(segmentID: window.narration.segmentID, outcome: outcome))
            }
        }
        return results
    }

    /// `nil` where the narration itself cannot be read, or is silent, and where it remains open what is heard.
    private static func outcome(_ window: Window) throws(MediaError) -> Outcome? {
        guard let narration = try narration(window) else { return nil }
        // What the segment before leaves behind is not the narration.
        let own = window.heard.dropFirst(window.place - window.start + lead)
        guard own.contains(where: { abs($0) > 0.001 }) else { return .silent }
        // The sounds' outlines say where to look first, and the waves whether it is there.
        let rough = outlined(window, narration)
        let place = window.place - window.start
        let expected = rough.likeness >= likeOutline ? rough.place : place
        if let found = wave(window, narration, expected) ?? whole(window, narration, expected) {
            return .offset(Double(found - place) / Double(AudioEncoder.sampleRate))
        }
        return rough.likeness >= openOutline ? nil : .unlike
    }

    /// The sample of `heard` at which the narration begins by its outline.
    private static func outlined(_ window: Window, _ narration: [Float]) -> (place: Int, likeness: Float) {
        // Silence around it is part of how it sounds: a tone alone has no outline.
        let after = max(window.end - reach - window.place - narration.count, lead)
        let wanted = [Float](repeating: 0, count: lead) + narration + [Float](repeating: 0, count: after)
        let rest = window.place - window.start - lead
        let middle = Int((Double(rest) / Double(coarse)).rounded(.down))
        let (ours, theirs) = (outline(wanted), outline(window.heard))
        // Of places that are as like, the one at which both sounds begin together: of a tone, only its ends have an outline.
        let begin = onset(ours, from: 0).flatMap { ours in
            onset(theirs, from: max(middle, 0)).map { $0 - ours }
        }
        let found = best(
            ours, theirs, middle - reach / coarse...middle + reach / coarse, near: begin ?? middle, tie: tie)
        guard let found else { return (window.place - window.start, 0) }
        return (found.place * coarse + lead, found.likeness)
    }

    /// The sample of `heard` at which the narration begins by the waves of its loudest half seconds; `nil` where all are unlike.
    private static func wave(_ window: Window, _ narration: [Float], _ expected: Int) -> Int? {
        let sound = decimated(window.heard[...], by: decimation)
        var found: (place: Int, likeness: Float, piece: Range<Int>)?
        for piece in loudest(narration) {
            let wave = decimated(narration[piece], by: decimation)
            func search(_ around: Int, _ reach: Int) {
                let middle = (around + piece.lowerBound) / decimation
                let near = (expected + piece.lowerBound) / decimation
                let best = best(
                    wave, sound, middle - reach / decimation...middle + reach / decimation, near: near, tie: tie,
                    inverts: true)
                guard let best, best.likeness > found?.likeness ?? 0 else { return }
                found = (best.place, best.likeness, piece)
            }
            search(expected, lead / 4)
            // Waves as like as these are those of the narration.
            if found?.likeness ?? 0 >= 0.9 { break }
            search(window.place - window.start, reach)
        }
        guard let found, found.likeness >= likeWave else { return nil }
        let rough = found.place * decimation
        let exact = best(
            Array(narration[found.piece]), window.heard, rough - 2 * decimation...rough + 2 * decimation, near: rough,
            tie: 0,
            inverts: true)
        return (exact?.place ?? rough) - found.piece.lowerBound
    }

    /// The sample of `heard` at which the narration begins by all of its wave, which is found below louder sound.
    private static func whole(_ window: Window, _ narration: [Float], _ expected: Int) -> Int? {
        guard narration.count >= AudioEncoder.sampleRate else { return nil }
        let step = 2 * decimation
        let middle = (window.place - window.start) / step
        let found = best(
            decimated(narration[...], by: step), decimated(window.heard[...], by: step),
            middle - reach / step...middle + reach / step, near: expected / step, tie: tie, inverts: true)
        guard let found, found.likeness >= likeWhole else { return nil }
        return found.place * step
    }

    /// Samples of which one is made for the comparison of waves: 8 kHz.
    private static let decimation = AudioEncoder.sampleRate / 8000

    private static func decimated(_ samples: ArraySlice<Float>, by step: Int) -> [Float] {
        stride(from: samples.startIndex, to: samples.endIndex - step + 1, by: step).map { start in
            samples[start..<start + step].reduce(0, +) / Float(step)
        }
    }

    private static func narration(_ window: Window) throws(MediaError) -> [Float]? {
        guard let path = window.narration.audio else { return nil }
        do throws(MediaError) {
            var reader = try AudioReader.open(path)
            try reader.begin(
                at: Int(window.narration.audioStart * Double(AudioEncoder.sampleRate)), tempo: window.narration.tempo)
            let samples = try reader.read(window.end - reach - window.place)
            let mono = samples.mono(0..<samples.count)
            return mono.contains { abs($0) > 0.003 } ? mono : nil
        } catch  where error.kind != .cancelled {
            return nil
        }
    }

    /// The first step of an outline that is half as loud as its loudest.
    private static func onset(_ outline: [Float], from start: Int) -> Int? {
        guard let loudest = outline.dropFirst(start).max(), loudest > 0 else { return nil }
        return outline.dropFirst(start).firstIndex { $0 >= loudest / 2 }
    }

    /// The level of each millisecond.
    private static func outline(_ samples: [Float]) -> [Float] {
        stride(from: 0, to: samples.count - coarse + 1, by: coarse).map { start in
            samples[start..<start + coarse].reduce(0) { $0 + abs($1) } / Float(coarse)
        }
    }

    /// Up to three half seconds of most energy, none of them a hundred times quieter than the first.
    private static func loudest(_ samples: [Float]) -> [Range<Int>] {
        let count = min(AudioEncoder.sampleRate / 2, samples.count)
        let starts = stride(from: 0, through: samples.count - count, by: AudioEncoder.sampleRate / 20)
        let pieces = starts.map { start in
            (start: start, energy: samples[start..<start + count].reduce(0) { $0 + $1 * $1 })
        }
        var chosen: [Range<Int>] = []
        let sorted = pieces.sorted { $0.energy > $1.energy }
        for piece in sorted where chosen.count < 3 && piece.energy * 100 >= sorted[0].energy {
            let range = piece.start..<piece.start + count
            if !chosen.contains(where: { $0.overlaps(range) }) { chosen.append(range) }
        }
        return chosen
    }

    /// Where a piece is most like a stretch of the sound, by Pearson's correlation. Beyond the ends of the sound is silence.
    ///
    /// - Parameters:
    ///   - places: that are tried, in samples.
    ///   - near: the place that is preferred among those that are as like up to `tie`.
    ///   - inverts: whether a wave of the other sign is the same.
    private static func best(
        _ piece: [Float], _ sound: [Float], _ places: ClosedRange<Int>, near: Int, tie: Float, inverts: Bool = false
    ) -> (place: Int, likeness: Float)? {
        let mean = piece.reduce(0, +) / Float(max(piece.count, 1))
        let wave = piece.map { $0 - mean }
        let energy = dot(wave, wave, at: 0)
        let end = places.upperBound + piece.count
        let stretch = (places.lowerBound..<end).map { sound.indices.contains($0) ? sound[$0] : 0 }
        var (sum, squares) = (0.0, 0.0)
        let count = Double(piece.count)
        for sample in stretch.prefix(piece.count) {
            sum += Double(sample)
            squares += Double(sample) * Double(sample)
        }
        var likenesses: [(place: Int, likeness: Float)] = []
        for offset in 0..<places.count {
            let place = places.lowerBound + offset
            let spread = energy * Float(squares - sum * sum / count)
            let overlap = min(place + piece.count, sound.count) - max(place, 0)
            if spread > 1e-9, overlap > piece.count / 2, overlap > 8 {
                let likeness = dot(wave, stretch, at: offset) / spread.squareRoot()
                likenesses.append((place, inverts ? abs(likeness) : likeness))
            }
            guard offset + piece.count < stretch.count else { break }
            let (old, new) = (Double(stretch[offset]), Double(stretch[offset + piece.count]))
            sum += new - old
            squares += new * new - old * old
        }
        guard let top = likenesses.map(\.likeness).max() else { return nil }
        return likenesses.filter { $0.likeness >= top - tie }.min { abs($0.place - near) < abs($1.place - near) }
    }

    /// The sum of the products of a wave and as many samples from an offset on.
    private static func dot(_ wave: [Float], _ samples: [Float], at offset: Int) -> Float {
        wave.withUnsafeBytes { wave in
            samples.withUnsafeBytes { samples in
                var sums = SIMD16<Float>.zero
                let width = MemoryLayout<SIMD16<Float>>.size
                let start = offset * MemoryLayout<Float>.size
                var place = 0
                while place + width <= wave.count {
                    // Not `addProduct`, which is a call for each element where the processor need not have it.
                    sums +=
                        wave.loadUnaligned(fromByteOffset: place, as: SIMD16<Float>.self)
                        * samples.loadUnaligned(fromByteOffset: start + place, as: SIMD16<Float>.self)
                    place += width
                }
                var sum = sums.sum()
                while place < wave.count {
                    sum +=
                        wave.loadUnaligned(fromByteOffset: place, as: Float.self)
                        * samples.loadUnaligned(fromByteOffset: start + place, as: Float.self)
                    place += MemoryLayout<Float>.size
                }
                return sum
            }
        }
    }
}

extension StereoSamples {
    /// The mean of both channels.
    func mono(_ range: Range<Int>) -> [Float] { range.map { (left[$0] + right[$0]) / 2 } }
}

extension MediaReport {
    /// Of the video.
    var rate: FrameRate? { streams.first { $0.type == "video" }?.rate }
}
