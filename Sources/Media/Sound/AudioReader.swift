// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Untrusted

/// Reads the sound of any file as 48 kHz stereo in pieces, so that memory does not depend on its length.
///
/// The sound keeps the time line of its file: gaps between timestamps become silence.
struct AudioReader: ~Copyable {
    /// Maximum duration of a narration, in seconds.
    static let maximumDuration = 6.0 * 3600
    /// Samples of silence inserted at once.
    private static let silencePiece = 48_000

    /// The origin of the time line of a file with pictures. Without pictures, it is the first sample.
    enum Origin {
        /// Start of the clip: the first picture, or the first sample if it precedes that by more than `videoDelay`
        /// tolerates.
        case picture
        /// The first picture or the first sample, whichever is earlier.
        case earliest
    }

    private let input: InputFile
    private let decoder: Decoder
    private let streamIndex: Int
    private let packet: Packet
    private let frame: Frame
    /// Time base of the sound's timestamps.
    private let base: AVRational
    /// Whether the container states timestamps. If not, the demuxer counts them at the sample rate of the first frames.
    private let statesTimestamps: Bool
    private var firstRate: Int32?
    /// Whether the sample rate changed in a file without timestamps. From then on, sound is contiguous.
    private var isCountUnreliable: Bool
    private var placement: SoundPlacement
    private var resampler: Resampler?
    private var ready: StereoSamples
    /// Samples of silence before the current frame, and samples of it to drop.
    private var step: SoundPlacement.Step
    private var hasPendingFrame: Bool
    private var isFinished: Bool
    private var tempo: TempoChange?
    /// Samples of the file's time line so far.
    private var decoded: Int
    /// Samples returned and ready so far.
    private var produced: Int
    let name: String

    /// Opens a file and decodes its first sound.
    ///
    /// - Throws: `corruptMedia` or `unsupported` if the file has no readable sound; `tooLarge` beyond six hours.
    static func open(_ path: String, from origin: Origin = .earliest) throws(MediaError) -> AudioReader {
        let name = fileName(path)
        let input = try InputFile(path)
        guard let index = input.best(AVMEDIA_TYPE_AUDIO) else {
            throw MediaError(.corruptMedia, "\(name) contains no sound")
        }
        // Matroska counts its duration from zero, regardless of the first timestamp.
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
        // Sound that cannot be decoded is detected now, not in the middle of a film.
        try made.fill(1)
        guard made.ready.count > 0 else {
            throw MediaError(.corruptMedia, "\(name) contains no sound that can be decoded")
        }
        return made
    }

    private init(
        input: consuming InputFile, decoder: consuming Decoder, streamIndex: Int, packet: consuming Packet,
        frame: consuming Frame, start: SoundPlacement.Origin, name: String
    ) {
        base = input.stream(streamIndex).pointee.time_base
        statesTimestamps = input.statesTimestamps
        firstRate = nil
        isCountUnreliable = false
        // A gap that is implausible for the file's size is not filled with hours of silence.
        let seconds = min(Self.maximumDuration, ProbeTimeLimit.plausibleDuration(input.path))
        placement = SoundPlacement(
            origin: start, limit: Int(clamping: seconds * Double(AudioEncoder.sampleRate)))
        step = SoundPlacement.Step()
        hasPendingFrame = false
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
        return origin == .picture ? .time(seconds - input.videoDelay(picture)) : .earlierOf(seconds)
    }

    /// Reads the next samples: `count`, or fewer at the end.
    mutating func read(_ count: Int) throws(MediaError) -> StereoSamples {
        try fill(count)
        return ready.takeFirst(count)
    }

    /// Skips samples.
    mutating func skip(_ count: Int) throws(MediaError) {
        var left = count
        while left > 0 {
            let passed = try read(min(left, 65_536)).count
            if passed == 0 { return }
            left -= passed
        }
    }

    /// Skips the start, and changes the tempo of the rest.
    ///
    /// - Parameters:
    ///   - start: Samples to skip, at the tempo of the file.
    ///   - factor: Playback speed of the rest relative to the recording.
    mutating func start(at start: Int, tempo factor: Double) throws(MediaError) {
        try skip(start)
        guard factor != 1 else { return }
        let rest = ready
        tempo = try TempoChange(factor)
        produced -= rest.count
        ready = StereoSamples()
        try emit(rest)
        if isFinished { try finishTempo() }
    }

    /// Time of the first sample on the file's time line, in seconds; `nil` if the file does not state it. Valid until
    /// the first read.
    var startTime: Double? { placement.origin }

    /// Whether no samples are left.
    mutating func isAtEnd() throws(MediaError) -> Bool {
        try fill(1)
        return ready.count == 0
    }

    /// Decodes and discards the rest.
    ///
    /// - Returns: Length of the whole file in samples.
    mutating func countSamples(cancelled: () -> Bool) throws(MediaError) -> Int {
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
            } else if hasPendingFrame {
                try convert()
                frame.unreference()
                hasPendingFrame = false
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
            hasPendingFrame = true
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

    /// Determines the position of the current frame. If it does not follow the frame before, that frame's sound is
    /// flushed first.
    private mutating func place() throws(MediaError) {
        let rate = frame.pointer.pointee.sample_rate
        if !statesTimestamps, firstRate ?? rate != rate { isCountUnreliable = true }
        firstRate = firstRate ?? rate
        let stated = MediaTime.seconds(frame.pointer.pointee.best_effort_timestamp, base)
        let time = isCountUnreliable ? nil : stated
        let delayed = resampler?.delay ?? 0
        let change = placement.place(time, at: decoded + delayed - step.dropped)
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
        try emit(StereoSamples(silence: count))
    }

    /// Appends samples of the time line to those ready, at the requested tempo.
    private mutating func emit(_ samples: StereoSamples) throws(MediaError) {
        let converted = try tempo?.process(samples)
        let emitted = converted ?? samples
        produced += emitted.count
        ready.append(emitted)
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
                // What can be decoded is used: a file that is truncated within a packet ends there.
                decoder.finish()
                return
            }
            guard isRead else {
                decoder.finish()
                return
            }
            guard packet.pointer.pointee.stream_index == Int32(streamIndex) else { continue }
            // Broken packets are skipped.
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

    /// Takes what the resampler still buffers.
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
        try emit(samples)
    }
}
