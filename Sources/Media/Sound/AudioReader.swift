import CFFmpeg

/// Reads the sound of any file as 48 kHz stereo, piece by piece, so that its length does not matter.
struct AudioReader: ~Copyable {
    /// Seconds that a narration may have.
    static let maximumDuration = 6.0 * 3600

    private let input: InputFile
    private let decoder: Decoder
    private let streamIndex: Int
    private let packet: Packet
    private let frame: Frame
    private var resampler: Resampler?
    private var ready: StereoSamples
    private var isFinished: Bool
    /// Samples handed out and held ready so far.
    private(set) var decoded: Int
    let name: String

    /// - Throws: `corruptMedia` or `unsupported` where the file holds no sound that can be read; `tooLarge` beyond six hours.
    static func open(_ path: String) throws(MediaError) -> AudioReader {
        let name = fileName(path)
        let input = try InputFile(path)
        guard let index = input.best(AVMEDIA_TYPE_AUDIO) else {
            throw MediaError(.corruptMedia, "\(name) holds no sound")
        }
        guard input.duration <= Self.maximumDuration else {
            throw MediaError(.tooLarge, "\(name) lasts \(Int(input.duration)) s; a narration lasts at most six hours")
        }
        let decoder = try Decoder(stream: input.stream(index), file: path)
        let packet = try Packet()
        let frame = try Frame()
        var made = AudioReader(
            input: input, decoder: decoder, streamIndex: index, packet: packet, frame: frame, name: name)
        // A file whose first sound cannot be decoded is found out now, not in the middle of a film.
        try made.fill(1)
        guard made.ready.count > 0 else {
            throw MediaError(.corruptMedia, "\(name) holds no sound that can be decoded")
        }
        return made
    }

    private init(
        input: consuming InputFile, decoder: consuming Decoder, streamIndex: Int, packet: consuming Packet,
        frame: consuming Frame, name: String
    ) {
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
            if ready.count == 0 { return decoded }
        }
    }

    private mutating func fill(_ count: Int) throws(MediaError) {
        while ready.count < count, !isFinished {
            switch decoder.receive(frame) {
            case .frame:
                try convert()
                frame.unreference()
            case .broken:
                continue
            case .end:
                try flush()
                isFinished = true
            case .needsInput:
                try feed()
            }
            if decoded > Int(Self.maximumDuration) * AudioEncoder.sampleRate {
                throw MediaError(.tooLarge, "\(name) lasts longer than six hours")
            }
        }
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
        decoded += try resampler!.convert(
            UnsafePointer(frame.pointer.pointee.extended_data), count: count, into: &ready)
    }

    /// Takes what the resampler still holds.
    private mutating func flush() throws(MediaError) {
        guard resampler != nil else { return }
        decoded += try resampler!.convert(nil, count: 0, into: &ready)
    }
}
