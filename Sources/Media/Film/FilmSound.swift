// SPDX-License-Identifier: Apache-2.0

import Timebase

/// The narrations of a film on its time line: each starts with its part, and is cut or padded with silence.
struct FilmSound: ~Copyable {
    /// Samples over which a cut narration fades out: 10 ms.
    private static let fade = AudioEncoder.sampleRate / 100
    private static let piece = 4800
    /// Boundaries are rounded to frames, so a narration that continues may appear to be off by this much: 25 ms.
    private static let tolerance = AudioEncoder.sampleRate / 40

    private let parts: [FilmPart]
    /// The first sample of each part, then the length.
    private let starts: [Int]
    private var part: Int
    private var reader: AudioReader?
    private var isPartOpen: Bool
    /// The next sample.
    private(set) var position: Int
    /// Samples of the current narration that were skipped or read.
    private var consumed: Int
    private(set) var warnings: [String]
    /// For the last part that was read: samples of silence added, and whether sound was left over.
    private(set) var padded: Int
    private(set) var isTrimmed: Bool

    init(parts: [FilmPart], starts frames: [Int], rate: FrameRate) {
        self.init(
            parts: parts, starts: frames.map { rate.sample(ofFrame: $0, sampleRate: AudioEncoder.sampleRate) })
    }

    init(parts: [FilmPart], starts: [Int]) {
        self.parts = parts
        self.starts = starts
        part = 0
        reader = nil
        isPartOpen = false
        position = 0
        consumed = 0
        warnings = []
        padded = 0
        isTrimmed = false
    }

    /// Length in samples.
    var length: Int { starts[parts.count] }

    /// The next samples; `nil` once the time line reaches `sample`.
    mutating func next(upTo sample: Int) throws(MediaError) -> StereoSamples? {
        while part + 1 < parts.count, position >= starts[part + 1] { leavePart() }
        guard position < min(sample, starts[parts.count]) else { return nil }
        if !isPartOpen { try enterPart() }
        let left = starts[part + 1] - position
        // The last piece is long enough for the fade.
        let count = left <= Self.piece + Self.fade ? left : Self.piece
        var samples = StereoSamples()
        if reader != nil { samples = try reader!.read(count) }
        consumed += samples.count
        if samples.count < count {
            padded += count - samples.count
            samples.append(StereoSamples(silence: count - samples.count))
        } else if count == left, reader != nil, try !reader!.isAtEnd() {
            isTrimmed = true
            if !continues(into: part + 1) { samples.fadeOut(Self.fade) }
        }
        position += count
        return samples
    }

    /// Decodes the rest of the current narration.
    ///
    /// - Returns: Length of the whole narration in samples.
    mutating func narrationLength(cancelled: () -> Bool) throws(MediaError) -> Int {
        guard reader != nil else { return 0 }
        return try reader!.countSamples(cancelled: cancelled)
    }

    private mutating func enterPart() throws(MediaError) {
        isPartOpen = true
        padded = 0
        isTrimmed = false
        if continues(into: part) { return }
        reader = nil
        let current = parts[part]
        do throws(MediaError) {
            var opened = try AudioReader.open(
                current.audio ?? current.clip, from: current.audio == nil ? .picture : .earliest)
            consumed = Self.samples(current.audioStart)
            try opened.start(at: consumed, tempo: current.tempo)
            reader = consume opened
        } catch  where error.kind != .cancelled && error.kind != .internal {
            // A clip may have no sound; a narration should.
            if current.audio != nil {
                warnings.append("\(current.name): \(error.message); this part of the film is silent")
            }
        }
    }

    private mutating func leavePart() {
        part += 1
        isPartOpen = false
    }

    /// Whether the current narration continues in a part, as one file for a whole film does. It is then not decoded
    /// again, and the boundary is not audible.
    private func continues(into next: Int) -> Bool {
        guard reader != nil, next > 0, next < parts.count, let audio = parts[next].audio,
            audio == parts[next - 1].audio,
            parts[next].tempo == 1, parts[next - 1].tempo == 1
        else { return false }
        return abs(Self.samples(parts[next].audioStart) - consumed) <= Self.tolerance
    }

    private static func samples(_ seconds: Double) -> Int {
        AudioEncoder.clock.samples(min(max(seconds, 0), AudioReader.maximumDuration))
    }
}
