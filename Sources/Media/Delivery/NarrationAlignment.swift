// SPDX-License-Identifier: Apache-2.0

import Timebase

/// Locates each narration in a film's sound and measures its offset from the expected position.
struct NarrationAlignment {
    enum Outcome: Equatable {
        /// Seconds by which the narration is late.
        case offset(Double)
        case silent
        case mismatch
    }

    struct Result {
        let segmentID: String
        let outcome: Outcome
    }

    /// Samples searched on each side of the expected position, 0.2 s, and samples compared, up to 4 s.
    private static let searchRadius = AudioEncoder.sampleRate / 5
    private static let length = 4 * AudioEncoder.sampleRate
    /// Samples of silence before a narration that are compared too: 50 ms.
    private static let leadIn = AudioEncoder.sampleRate / 20
    /// Samples per step of the coarse search: 1 ms.
    private static let coarseStep = AudioEncoder.sampleRate / 1000
    /// Minimum correlation of the envelopes for their position to be the start of the waveform search.
    private static let minimumEnvelopeCorrelation: Float = 0.4
    /// Minimum correlation of the waveforms: of half a second at 8 kHz, and of up to four seconds at 4 kHz. Different
    /// speech of the same voice reaches at most 0.51 and 0.25. The same speech reaches at least 0.64 or 0.5 if
    /// equalised, coded at 12 kbit/s, played at 95 to 105 % of its speed, or mixed with music of the same level.
    private static let minimumWaveCorrelation: Float = 0.6
    private static let minimumWholeCorrelation: Float = 0.3
    /// Minimum correlation of the envelopes for an inconclusive result if the waveforms differ, as under strong
    /// reverberation. Envelopes alone prove nothing: those of two narrations correlate up to 0.59.
    private static let inconclusiveCorrelation: Float = 0.6
    /// Correlations within this distance of the best count as equal, and the nearest position is chosen: a tone
    /// correlates with itself one period later.
    private static let tolerance: Float = 0.02

    private struct Window {
        let narration: ExpectedNarration
        /// Position of `filmSound[0]` in the film.
        let start: Int
        let end: Int
        /// Start of the segment.
        let position: Int
        var filmSound: [Float] = []
    }

    private var windows: [Window] = []
    private var firstOpen = 0

    init(_ narrations: [ExpectedNarration]) {
        var line = Timeline(rate: AudioEncoder.clock)
        for narration in narrations {
            let segment = line.append(seconds: narration.duration)
            let (position, end) = (segment.lowerBound, segment.upperBound)
            guard narration.audio != nil else { continue }
            windows.append(
                Window(
                    narration: narration, start: max(position - Self.searchRadius, 0),
                    end: min(end, position + Self.length) + Self.searchRadius, position: position))
        }
    }

    /// Adds a piece of the film's sound. Pieces must be in order.
    mutating func add(_ samples: StereoSamples, at position: Int) {
        while firstOpen < windows.count, windows[firstOpen].end <= position { firstOpen += 1 }
        var index = firstOpen
        while index < windows.count, windows[index].start < position + samples.count {
            let (from, to) = (max(windows[index].start, position), min(windows[index].end, position + samples.count))
            if from < to { windows[index].filmSound += samples.mono(from - position..<to - position) }
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

    /// `nil` if the narration cannot be read or is silent, and if the result is inconclusive.
    private static func outcome(_ window: Window) throws(MediaError) -> Outcome? {
        guard let narration = try narration(window) else { return nil }
        // The end of the previous segment does not count.
        let own = window.filmSound.dropFirst(window.position - window.start + leadIn)
        guard own.contains(where: { abs($0) > 0.001 }) else { return .silent }
        // The envelopes determine where to search first, the waveforms whether the narration is there.
        let rough = positionByEnvelope(window, narration)
        let position = window.position - window.start
        let expected = rough.correlation >= minimumEnvelopeCorrelation ? rough.position : position
        if let found = positionByWaveform(window, narration, expected)
            ?? positionByWholeWaveform(window, narration, expected)
        {
            return .offset(Double(found - position) / Double(AudioEncoder.sampleRate))
        }
        return rough.correlation >= inconclusiveCorrelation ? nil : .mismatch
    }

    /// The sample of `filmSound` at which the narration starts according to its envelope.
    private static func positionByEnvelope(_ window: Window, _ narration: [Float]) -> (
        position: Int, correlation: Float
    ) {
        // The surrounding silence is part of the envelope: that of a tone alone is flat.
        let after = max(window.end - searchRadius - window.position - narration.count, leadIn)
        let padded = [Float](repeating: 0, count: leadIn) + narration + [Float](repeating: 0, count: after)
        let rest = window.position - window.start - leadIn
        let middle = Int((Double(rest) / Double(coarseStep)).rounded(.down))
        let (narrationEnvelope, soundEnvelope) = (envelope(padded), envelope(window.filmSound))
        // Of positions with equal correlation, prefer the one at which both onsets coincide: only the ends of a tone
        // shape its envelope.
        let begin = onset(narrationEnvelope, from: 0).flatMap { start in
            onset(soundEnvelope, from: max(middle, 0)).map { $0 - start }
        }
        let found = bestMatch(
            narrationEnvelope, soundEnvelope, middle - searchRadius / coarseStep...middle + searchRadius / coarseStep,
            preferred: begin ?? middle, tolerance: tolerance)
        guard let found else { return (window.position - window.start, 0) }
        return (found.position * coarseStep + leadIn, found.correlation)
    }

    /// The sample of `filmSound` at which the narration starts according to the waveforms of its loudest half seconds;
    /// `nil` if none is found.
    private static func positionByWaveform(_ window: Window, _ narration: [Float], _ expected: Int) -> Int? {
        let sound = decimated(window.filmSound[...], by: decimation)
        var found: (position: Int, correlation: Float, piece: Range<Int>)?
        for piece in loudest(narration) {
            let wave = decimated(narration[piece], by: decimation)
            func search(_ around: Int, _ radius: Int) {
                let middle = (around + piece.lowerBound) / decimation
                let preferred = (expected + piece.lowerBound) / decimation
                let best = bestMatch(
                    wave, sound, middle - radius / decimation...middle + radius / decimation, preferred: preferred,
                    tolerance: tolerance,
                    inverts: true)
                guard let best, best.correlation > found?.correlation ?? 0 else { return }
                found = (best.position, best.correlation, piece)
            }
            search(expected, leadIn / 4)
            // This correlation is conclusive.
            if found?.correlation ?? 0 >= 0.9 { break }
            search(window.position - window.start, searchRadius)
        }
        guard let found, found.correlation >= minimumWaveCorrelation else { return nil }
        let rough = found.position * decimation
        let exact = bestMatch(
            Array(narration[found.piece]), window.filmSound, rough - 2 * decimation...rough + 2 * decimation,
            preferred: rough,
            tolerance: 0,
            inverts: true)
        return (exact?.position ?? rough) - found.piece.lowerBound
    }

    /// The sample of `filmSound` at which the narration starts according to its whole waveform, which is found even below
    /// louder sound.
    private static func positionByWholeWaveform(_ window: Window, _ narration: [Float], _ expected: Int) -> Int? {
        guard narration.count >= AudioEncoder.sampleRate else { return nil }
        let step = 2 * decimation
        let middle = (window.position - window.start) / step
        let found = bestMatch(
            decimated(narration[...], by: step), decimated(window.filmSound[...], by: step),
            middle - searchRadius / step...middle + searchRadius / step, preferred: expected / step,
            tolerance: tolerance, inverts: true)
        guard let found, found.correlation >= minimumWholeCorrelation else { return nil }
        return found.position * step
    }

    /// Decimation for the comparison of waveforms: 8 kHz.
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
            try reader.start(
                at: Int(window.narration.audioStart * Double(AudioEncoder.sampleRate)), tempo: window.narration.tempo)
            let samples = try reader.read(window.end - searchRadius - window.position)
            let mono = samples.mono(0..<samples.count)
            return mono.contains { abs($0) > 0.003 } ? mono : nil
        } catch  where error.kind != .cancelled {
            return nil
        }
    }

    /// The first step of an envelope with at least half of its maximum.
    private static func onset(_ envelope: [Float], from start: Int) -> Int? {
        guard let loudest = envelope.dropFirst(start).max(), loudest > 0 else { return nil }
        return envelope.dropFirst(start).firstIndex { $0 >= loudest / 2 }
    }

    /// The mean level of each millisecond.
    private static func envelope(_ samples: [Float]) -> [Float] {
        stride(from: 0, to: samples.count - coarseStep + 1, by: coarseStep).map { start in
            samples[start..<start + coarseStep].reduce(0) { $0 + abs($1) } / Float(coarseStep)
        }
    }

    /// Up to three half seconds with the most energy, none of them with less than a hundredth of the first.
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

    /// The position at which a piece correlates best with the sound (Pearson's correlation). Beyond its ends, the sound
    /// is silent.
    ///
    /// - Parameters:
    ///   - positions: Positions to try, in samples.
    ///   - preferred: The preferred position among those whose correlation is within `tolerance` of the best.
    ///   - inverts: Whether inverted waveforms count as equal.
    private static func bestMatch(
        _ piece: [Float], _ sound: [Float], _ positions: ClosedRange<Int>, preferred: Int, tolerance: Float,
        inverts: Bool = false
    ) -> (position: Int, correlation: Float)? {
        let mean = piece.reduce(0, +) / Float(max(piece.count, 1))
        let wave = piece.map { $0 - mean }
        let energy = dotProduct(wave, wave, at: 0)
        let end = positions.upperBound + piece.count
        let extended = (positions.lowerBound..<end).map { sound.indices.contains($0) ? sound[$0] : 0 }
        var (sum, squares) = (0.0, 0.0)
        let count = Double(piece.count)
        for sample in extended.prefix(piece.count) {
            sum += Double(sample)
            squares += Double(sample) * Double(sample)
        }
        var correlations: [(position: Int, correlation: Float)] = []
        for offset in 0..<positions.count {
            let position = positions.lowerBound + offset
            let spread = energy * Float(squares - sum * sum / count)
            let overlap = min(position + piece.count, sound.count) - max(position, 0)
            if spread > 1e-9, overlap > piece.count / 2, overlap > 8 {
                let correlation = dotProduct(wave, extended, at: offset) / spread.squareRoot()
                correlations.append((position, inverts ? abs(correlation) : correlation))
            }
            guard offset + piece.count < extended.count else { break }
            let (old, new) = (Double(extended[offset]), Double(extended[offset + piece.count]))
            sum += new - old
            squares += new * new - old * old
        }
        guard let top = correlations.map(\.correlation).max() else { return nil }
        return correlations.filter { $0.correlation >= top - tolerance }.min {
            abs($0.position - preferred) < abs($1.position - preferred)
        }
    }

    /// The dot product of a waveform and as many samples from an offset on.
    private static func dotProduct(_ wave: [Float], _ samples: [Float], at offset: Int) -> Float {
        wave.withUnsafeBytes { wave in
            samples.withUnsafeBytes { samples in
                var sums = SIMD16<Float>.zero
                let width = MemoryLayout<SIMD16<Float>>.size
                let start = offset * MemoryLayout<Float>.size
                var position = 0
                while position + width <= wave.count {
                    // Not `addProduct`, which is a call for each element unless the target is known to support it.
                    sums +=
                        wave.loadUnaligned(fromByteOffset: position, as: SIMD16<Float>.self)
                        * samples.loadUnaligned(fromByteOffset: start + position, as: SIMD16<Float>.self)
                    position += width
                }
                var sum = sums.sum()
                while position < wave.count {
                    sum +=
                        wave.loadUnaligned(fromByteOffset: position, as: Float.self)
                        * samples.loadUnaligned(fromByteOffset: start + position, as: Float.self)
                    position += MemoryLayout<Float>.size
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
    /// Frame rate of the video.
    var rate: FrameRate? { streams.first { $0.type == "video" }?.rate }
}
