import CFFmpeg

/// One packet of coded sound.
struct CodedSound: Sendable {
    let bytes: [UInt8]
    /// Samples.
    let time: Int64
    /// Samples.
    let duration: Int64
    /// Samples at the end that are not to be heard.
    let discard: UInt32
}

/// What is known of a film's sound once it is coded.
struct SoundSummary: Sendable {
    var warnings: [String]
    var loudness: Loudness?
    /// Samples of silence behind the last narration.
    var padded: Int
    /// Samples of the last narration, where they were to be counted.
    var narrationLength: Int
}

/// Codes a film's sound on a thread of its own, ahead of the picture.
typealias SoundAhead = Ahead<CodedSound, SoundSummary>

extension Ahead where Element == CodedSound, Summary == SoundSummary {
    /// Packets that wait at most: about 20 s.
    private static var depth: Int { 1000 }

    /// - Parameters:
    ///   - countsNarration: decode the last narration to its end, to know its length.
    ///   - make: the sound, and whether to stop; called on the thread.
    static func code(
        countsNarration: Bool = false, cancelled: @escaping @Sendable () -> Bool,
        _ make: @escaping @Sendable (_ cancelled: () -> Bool) throws(MediaError) -> Soundtrack
    ) throws(MediaError) -> SoundAhead {
        try start(depth: depth) { ahead throws(MediaError) in
            let cancelled = { @Sendable in cancelled() || !ahead.isWanted }
            // Reading the narrations and coding them are two threads' work.
            let source = try Ahead<StereoSamples, SoundSummary>.start(depth: 64) { pieces throws(MediaError) in
                var sound = try make(cancelled)
                while let samples = try sound.next() {
                    if cancelled() { throw MediaError(.cancelled, "cancelled") }
                    guard pieces.give(samples) else { throw MediaError(.cancelled, "cancelled") }
                }
                let padded = sound.narration.padded
                let length = countsNarration ? try sound.narrationLength(cancelled: cancelled) : 0
                guard pieces.give(try sound.finish()) else { throw MediaError(.cancelled, "cancelled") }
                return SoundSummary(
                    warnings: sound.warnings(), loudness: sound.measured, padded: padded, narrationLength: length)
            }
            defer { source.stop() }
            var encoder = try AudioEncoder()
            let packet = try Packet()
            func drain() throws(MediaError) {
                while try encoder.receive(into: packet) {
                    guard ahead.give(packet.codedSound) else { throw MediaError(.cancelled, "cancelled") }
                }
            }
            while let samples = try source.next() {
                encoder.encode(samples)
                try drain()
            }
            encoder.finish()
            try drain()
            return try source.summary()
        }
    }
}

extension Packet {
    fileprivate var codedSound: CodedSound {
        var size = 0
        let data = av_packet_get_side_data(pointer, AV_PKT_DATA_SKIP_SAMPLES, &size)
        // Little-endian: samples skipped at the start, samples discarded at the end.
        let discard = size >= 8 ? (4..<8).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(data![$1]) } : 0
        return CodedSound(
            bytes: bytes, time: pointer.pointee.pts, duration: pointer.pointee.duration, discard: discard)
    }

    /// Says how many of its last samples are not to be heard.
    func discardAtEnd(_ samples: UInt32) throws(MediaError) {
        guard samples > 0 else { return }
        guard let data = av_packet_new_side_data(pointer, AV_PKT_DATA_SKIP_SAMPLES, 10) else {
            throw MediaError(.internal, "out of memory")
        }
        data.update(repeating: 0, count: 10)
        for byte in 0..<4 { data[4 + byte] = UInt8(samples >> (8 * UInt32(byte)) & 0xFF) }
    }
}
