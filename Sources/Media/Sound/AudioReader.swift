import CFFmpeg
import Untrusted

/// Reads the sound of any file as 48 kHz stereo, piece by piece, so that its length does not matter.
///
/// The sound is on the time line of its file: gaps between time stamps are silence.
struct AudioReader: ~Copyable {
    /// Seconds that a narration may have.
    static let maximumDuration = 6.0 * 3600
    /// Samples of silence that are made at a time.
    private static let silencePiece = 48_000

    /// Where the time line of a file with pictures begins. That of a file without begins with its first sample.
    enum Origin {
        /// The clip's beginning: the first picture, or the first sample where that is more than `videoDelay` tolerates before it.
        case picture
        /// The first picture or the first sample, whichever is earlier.
        case earliest
    }

    private let input: InputFile
    private let decoder: Decoder
    private let streamIndex: Int
    private let packet: Packet
    private let frame: Frame
    /// Of the sound's time stamps.
    private let base: AVRational
    /// Whether the container states times; elsewhere the demuxer counts them at the sample rate of the first frames.
    private let statesTimes: Bool
    private var firstRate: Int32?
    /// Whether the sample rate changed in a file without times: from there on sound follows sound.
    private var hasLostCount: Bool
    private var placement: SoundPlacement
    private var resampler: Resampler?
    private var ready: StereoSamples
    /// Samples of silence that precede the frame at hand, and samples of it that are dropped.
    private var step: SoundPlacement.Step
    private var holdsFrame: Bool
    private var isFinished: Bool
    private var tempo: TempoChange?
    /// Samples of the file's time line so far.
    private var decoded: Int
    /// Samples handed out and held ready so far.
    private var produced: Int
    let name: String

    /// - Throws: `corruptMedia` or `unsupported` where the file holds no sound that can be read; `tooLarge` beyond six hours.
    static func open(_ path: String, from origin: Origin = .earliest) throws(MediaError) -> AudioReader {
        let name = fileName(path)
        let input = try InputFile(path)
        guard let index = input.best(AVMEDIA_TYPE_AUDIO) else {
            throw MediaError(.corruptMedia, "\(name) holds no sound")
        }
        // Matroska counts its duration from zero, whenever the first time stamp is.
        guard input.duration - max(input.start, 0) <= Self.maximumDuration else {
            throw MediaError(
                .tooLarge,
                "\(name) lasts \(Int(clamping: input.duration / 3600)) hours; a narration lasts at most six hours")
        }
        let start = Self.start(of: input, origin)
        input.discardAll(but: index)
        let decoder = try Decoder(stream: input.stream(index), file: path)
        let packet = try Packet()
        let frame = try Frame()
        var made = AudioReader(
            input: input, decoder: decoder, streamIndex: index, packet: packet, frame: frame, start: start, name: name)
        // A file whose first sound cannot be decoded is found out now, not in the middle of a film.
        try made.fill(1)
        guard made.ready.count > 0 else {
            throw MediaError(.corruptMedia, "\(name) holds no sound that can be decoded")
        }
        return made
    }

    private init(
        input: consuming InputFile, decoder: consuming Decoder, streamIndex: Int, packet: consuming Packet,
        frame: consuming Frame, start: SoundPlacement.Origin, name: String
    ) {
        base = input.stream(streamIndex).pointee.time_base
        statesTimes = input.statesTimes
        firstRate = nil
        hasLostCount = false
        // A gap that no file of this size has is not filled with hours of silence.
        let longest = min(Self.maximumDuration, ProbeBound.longest(input.path))
        placement = SoundPlacement(
            origin: start, limit: Int(clamping: longest * Double(AudioEncoder.sampleRate)))
        step = SoundPlacement.Step()
        holdsFrame = false
        self.input = input
        self.decoder = decoder
        self.streamIndex = streamIndex
        self.packet = packet
        self.frame = frame
        self.name = name
        resampler = nil
        ready = StereoSamples()
        isFinished = false
        decoded = 0
        produced = 0
        tempo = nil
    }

    private static func start(of input: borrowing InputFile, _ origin: Origin) -> SoundPlacement.Origin {
        guard let picture = input.best(AVMEDIA_TYPE_VIDEO) else { return .ownStart }
        guard let seconds = input.start(of: picture) else { return .ownStart }
        return origin == .picture ? .moment(seconds - input.videoDelay(picture)) : .earlierOf(seconds)
    }

    /// The next samples, at most so many; fewer only at the end.
    mutating func read(_ count: Int) throws(MediaError) -> StereoSamples {
        try fill(count)
        return ready.takeFirst(count)
    }

    /// Passes over samples.
    mutating func skip(_ count: Int) throws(MediaError) {
        var left = count
        while left > 0 {
            let passed = try read(min(left, 65_536)).count
            if passed == 0 { return }
            left -= passed
        }
    }

    /// Passes over the beginning, and hears the rest at another tempo.
    ///
    /// - Parameters:
    ///   - start: samples at the tempo of the file.
    ///   - factor: how much faster than recorded the rest is heard.
    mutating func begin(at start: Int, tempo factor: Double) throws(MediaError) {
        try skip(start)
        guard factor != 1 else { return }
        let rest = ready
        tempo = try TempoChange(factor)
        produced -= rest.count
        ready = StereoSamples()
        try give(rest)
        if isFinished { try finishTempo() }
    }

    /// The moment of the first sample on the file's time line, in seconds; `nil` where the file does not state it. Of a reader of
    /// which nothing was read yet.
    var beginning: Double? { placement.origin }

    /// Whether no sample is left.
    mutating func isAtEnd() throws(MediaError) -> Bool {
        try fill(1)
        return ready.count == 0
    }

    /// Decodes the rest without keeping it. -> samples of the whole file.
    mutating func countAll(cancelled: () -> Bool) throws(MediaError) -> Int {
        while true {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            ready = StereoSamples()
            try fill(65_536)
            if ready.count == 0 { return produced }
        }
    }

    private mutating func fill(_ count: Int) throws(MediaError) {
        while ready.count < count, !isFinished {
            if step.silence > 0 {
                try insertSilence()
            } else if holdsFrame {
                try convert()
                frame.unreference()
                holdsFrame = false
            } else {
                try receive()
            }
            if decoded > Int(Self.maximumDuration) * AudioEncoder.sampleRate {
                throw MediaError(.tooLarge, "\(name) lasts longer than six hours")
            }
        }
    }

    private mutating func receive() throws(MediaError) {
        switch decoder.receive(frame) {
        case .frame:
            try place()
            holdsFrame = true
        case .broken:
            break
        case .end:
            try flush()
            try finishTempo()
            isFinished = true
        case .needsInput:
            try feed()
        }
    }

    /// Finds the place of the frame at hand. Where it does not follow the frame before, that one's sound ends first.
    private mutating func place() throws(MediaError) {
        let rate = frame.pointer.pointee.sample_rate
        if !statesTimes, firstRate ?? rate != rate { hasLostCount = true }
        firstRate = firstRate ?? rate
        let stated = MediaTime.seconds(frame.pointer.pointee.best_effort_timestamp, base)
        let time = hasLostCount ? nil : stated
        let held = resampler?.delay ?? 0
        let change = placement.place(time, at: decoded + held - step.dropped)
        guard change != SoundPlacement.Step() else { return }
        try flush()
        resampler = nil
        let silence = change.silence - change.dropped - step.dropped
        step = SoundPlacement.Step(silence: max(silence, 0), dropped: max(-silence, 0))
    }

    private mutating func insertSilence() throws(MediaError) {
        let count = min(step.silence, Self.silencePiece)
        step.silence -= count
        decoded += count
        try give(StereoSamples(silence: count))
    }

    /// Holds samples of the time line ready, at the tempo that was asked for.
    private mutating func give(_ samples: StereoSamples) throws(MediaError) {
        let changed = try tempo?.process(samples)
        let given = changed ?? samples
        produced += given.count
        ready.append(given)
    }

    private mutating func finishTempo() throws(MediaError) {
        guard let rest = try tempo?.finish() else { return }
        produced += rest.count
        ready.append(rest)
    }

    private func feed() throws(MediaError) {
        while true {
            let isRead: Bool
            do throws(MediaError) {
                isRead = try input.read(packet)
            } catch {
                // What can be decoded is used; a file that ends in the middle of a packet ends there.
                decoder.finish()
                return
            }
            guard isRead else {
                decoder.finish()
                return
            }
            guard packet.pointer.pointee.stream_index == Int32(streamIndex) else { continue }
            // A broken packet is passed over.
            if try decoder.send(packet) { return }
        }
    }

    private mutating func convert() throws(MediaError) {
        if resampler?.fits(frame) != true {
            try flush()
            resampler = try Resampler(from: frame, name: name)
        }
        let count = frame.pointer.pointee.nb_samples
        try take(UnsafePointer(frame.pointer.pointee.extended_data), count: count)
    }

    /// Takes what the resampler still holds.
    private mutating func flush() throws(MediaError) {
        guard resampler != nil else { return }
        try take(nil, count: 0)
    }

    private mutating func take(
        _ data: UnsafePointer<UnsafeMutablePointer<UInt8>?>?, count: Int32
    ) throws(MediaError) {
        if step.dropped == 0, tempo == nil {
            let converted = try resampler!.convert(data, count: count, into: &ready)
            decoded += converted
            produced += converted
            return
        }
        var samples = StereoSamples()
        _ = try resampler!.convert(data, count: count, into: &samples)
        step.dropped -= samples.takeFirst(step.dropped).count
        decoded += samples.count
        try give(samples)
    }
}
