import Timebase

/// The sound of a whole time line: each narration from its part's first sample on, cut or filled up with silence.
struct FilmSound: ~Copyable {
    /// Samples over which a narration that is cut fades out: 10 ms.
    private static let fade = AudioEncoder.sampleRate / 100
    private static let piece = 4800
    /// Boundaries are rounded to frames, so a narration that goes on may seem to be this far off: 25 ms.
    private static let tolerance = AudioEncoder.sampleRate / 40

    private let parts: [FilmPart]
    /// The sample at which each part begins, and the end.
    private let starts: [Int]
    private var part: Int
    private var reader: AudioReader?
    private var isOpened: Bool
    /// The next sample.
    private(set) var position: Int
    /// Samples of the narration at hand that were skipped or taken.
    private var taken: Int
    private(set) var warnings: [String]
    /// Of the last part that was read: samples of silence added, and whether sound was left over.
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
        isOpened = false
        position = 0
        taken = 0
        warnings = []
        padded = 0
        isTrimmed = false
    }

    /// Samples of the whole.
    var length: Int { starts[parts.count] }

    /// The next samples; `nil` once the time line reaches the sample.
    mutating func next(upTo sample: Int) throws(MediaError) -> StereoSamples? {
        while part + 1 < parts.count, position >= starts[part + 1] { leavePart() }
        guard position < min(sample, starts[parts.count]) else { return nil }
        if !isOpened { try enterPart() }
        let left = starts[part + 1] - position
        // The last piece is long enough to hold the fade.
        let count = left <= Self.piece + Self.fade ? left : Self.piece
        var samples = StereoSamples()
        if reader != nil { samples = try reader!.read(count) }
        taken += samples.count
        if samples.count < count {
            padded += count - samples.count
            samples.append(StereoSamples(silence: count - samples.count))
        } else if count == left, reader != nil, try !reader!.isAtEnd() {
            isTrimmed = true
            if !goesOn(into: part + 1) { samples.fadeOut(Self.fade) }
        }
        position += count
        return samples
    }

    /// Decodes what is left of the narration at hand. -> samples of the whole narration.
    mutating func narrationLength(cancelled: () -> Bool) throws(MediaError) -> Int {
        guard reader != nil else { return 0 }
        return try reader!.countAll(cancelled: cancelled)
    }

    private mutating func enterPart() throws(MediaError) {
        isOpened = true
        padded = 0
        isTrimmed = false
        if goesOn(into: part) { return }
        reader = nil
        let now = parts[part]
        do throws(MediaError) {
            var opened = try AudioReader.open(now.audio ?? now.clip, from: now.audio == nil ? .picture : .earliest)
            taken = Self.samples(now.audioStart)
            try opened.begin(at: taken, tempo: now.tempo)
            reader = consume opened
        } catch  where error.kind != .cancelled && error.kind != .internal {
            // A clip need not have sound; a narration should.
            if now.audio != nil { warnings.append("\(now.title): \(error.message); this part of the film is silent") }
        }
    }

    private mutating func leavePart() {
        part += 1
        isOpened = false
    }

    /// Whether the narration at hand goes on in a part, as one file for a whole film does: nothing is then decoded twice,
    /// and the boundary is not heard.
    private func goesOn(into next: Int) -> Bool {
        guard reader != nil, next > 0, next < parts.count, let audio = parts[next].audio,
            audio == parts[next - 1].audio,
            parts[next].tempo == 1, parts[next - 1].tempo == 1
        else { return false }
        return abs(Self.samples(parts[next].audioStart) - taken) <= Self.tolerance
    }

    private static func samples(_ seconds: Double) -> Int {
        AudioEncoder.clock.samples(min(max(seconds, 0), AudioReader.maximumDuration))
    }
}
