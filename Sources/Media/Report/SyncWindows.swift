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
    /// How like the film's sound and the narration must be, 0 to 1: music may lie below.
    private static let likeness: Float = 0.4

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
        var seconds = 0.0
        for narration in narrations {
            let place = Int((seconds * Double(AudioEncoder.sampleRate)).rounded())
            seconds += narration.duration
            let end = Int((seconds * Double(AudioEncoder.sampleRate)).rounded())
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

    /// `nil` where the narration itself cannot be read, or is silent.
    private static func outcome(_ window: Window) throws(MediaError) -> Outcome? {
        guard let narration = try narration(window) else { return nil }
        // Silence around it is part of how it sounds: a tone alone has no outline.
        let after = max(window.end - reach - window.place - narration.count, lead)
        let wanted = [Float](repeating: 0, count: lead) + narration + [Float](repeating: 0, count: after)
        let rest = window.place - window.start - lead
        // What the segment before leaves behind is not the narration.
        let own = window.heard.dropFirst(window.place - window.start + lead)
        guard own.contains(where: { abs($0) > 0.001 }) else { return .silent }
        // The sounds' outlines first, then the samples around the best place.
        let (outline, heard) = (outline(wanted), outline(window.heard))
        let middle = Int((Double(rest) / Double(coarse)).rounded(.down))
        guard let rough = best(outline, heard, around: middle, reach: reach / coarse), rough.likeness >= likeness else {
            return resemblance(window, narration)
        }
        let loudest = loudest(wanted)
        let piece = Array(wanted[loudest])
        let around = rough.place * coarse + loudest.lowerBound
        guard let exact = best(piece, window.heard, around: around, reach: 3 * coarse / 2) else { return .unlike }
        // A tone is as like itself one wave later: then the outline is believed.
        let offset = exact.likeness >= likeness ? exact.place - loudest.lowerBound - rest : rough.place * coarse - rest
        return .offset(Double(offset) / Double(AudioEncoder.sampleRate))
    }

    /// Compares the waves themselves where the outlines are unlike: continuous sound, such as music or a tone, has none.
    private static func resemblance(_ window: Window, _ narration: [Float]) -> Outcome {
        let loudest = loudest(narration)
        let piece = decimated(narration[loudest])
        let around = (window.place - window.start + loudest.lowerBound) / decimation
        guard let place = best(piece, decimated(window.heard[...]), around: around, reach: reach / decimation),
            place.likeness >= likeness
        else { return .unlike }
        return .offset(Double((place.place - around) * decimation) / Double(AudioEncoder.sampleRate))
    }

    /// Samples of which one is made for the comparison of waves: 8 kHz.
    private static let decimation = AudioEncoder.sampleRate / 8000

    private static func decimated(_ samples: ArraySlice<Float>) -> [Float] {
        stride(from: samples.startIndex, to: samples.endIndex - decimation + 1, by: decimation).map { start in
            samples[start..<start + decimation].reduce(0, +) / Float(decimation)
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

    /// The level of each millisecond.
    private static func outline(_ samples: [Float]) -> [Float] {
        stride(from: 0, to: samples.count - coarse + 1, by: coarse).map { start in
            samples[start..<start + coarse].reduce(0) { $0 + abs($1) } / Float(coarse)
        }
    }

    /// The half second of most energy.
    private static func loudest(_ samples: [Float]) -> Range<Int> {
        let count = min(AudioEncoder.sampleRate / 2, samples.count)
        var best = (energy: Float(-1), start: 0)
        for start in stride(from: 0, through: samples.count - count, by: AudioEncoder.sampleRate / 20) {
            let energy = samples[start..<start + count].reduce(0) { $0 + $1 * $1 }
            if energy > best.energy { best = (energy, start) }
        }
        return best.start..<best.start + count
    }

    /// Where a piece is most like a stretch of the sound, by Pearson's correlation.
    private static func best(
        _ piece: [Float], _ sound: [Float], around middle: Int, reach: Int
    ) -> (place: Int, likeness: Float)? {
        var best: (place: Int, likeness: Float)?
        piece.withUnsafeBufferPointer { piece in
            sound.withUnsafeBufferPointer { sound in
                for place in middle - reach...middle + reach {
                    let low = max(-place, 0)
                    let high = min(piece.count, sound.count - place)
                    guard high - low > piece.count / 2, high - low > 8 else { continue }
                    let likeness = likeness(piece, sound, low..<high, place)
                    if best.map({ likeness > $0.likeness }) ?? true { best = (place, likeness) }
                }
            }
        }
        return best
    }

    private static func likeness(
        _ piece: UnsafeBufferPointer<Float>, _ sound: UnsafeBufferPointer<Float>, _ range: Range<Int>, _ place: Int
    ) -> Float {
        var (sumA, sumB, product, mine, other): (Float, Float, Float, Float, Float) = (0, 0, 0, 0, 0)
        for index in range {
            let (a, b) = (piece[index], sound[place &+ index])
            sumA += a
            sumB += b
            product += a * b
            mine += a * a
            other += b * b
        }
        let count = Float(range.count)
        let spread = (mine - sumA * sumA / count) * (other - sumB * sumB / count)
        return spread > 0 ? (product - sumA * sumB / count) / spread.squareRoot() : -1
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
