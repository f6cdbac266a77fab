// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// A packet of encoded sound.
struct SoundPacket: Sendable {
    let bytes: [UInt8]
    /// Presentation time in samples.
    let time: Int64
    /// Duration in samples.
    let duration: Int64
    /// Samples to discard at the end.
    let discard: UInt32
}

/// Properties of a film's sound that are known once it is encoded.
struct SoundSummary: Sendable {
    var warnings: [String]
    var loudness: Loudness?
    /// Samples of silence after the last narration.
    var padded: Int
    /// Samples of the last narration, if they were counted.
    var narrationLength: Int
}

/// Encodes a film's sound on its own thread, ahead of the picture.
typealias SoundProducer = PrefetchingProducer<SoundPacket, SoundSummary>

extension PrefetchingProducer where Element == SoundPacket, Summary == SoundSummary {
    /// Maximum number of buffered packets: about 20 s.
    private static var depth: Int { 1000 }

    /// Starts encoding.
    ///
    /// - Parameters:
    ///   - countsNarration: Whether to decode the last narration to its end, to know its length.
    ///   - cancelled: Polled for each piece of sound.
    ///   - make: Creates the soundtrack. Called on the producer's thread, with a function to poll for cancellation.
    static func encode(
        countsNarration: Bool = false, cancelled: @escaping @Sendable () -> Bool,
        _ make: @escaping @Sendable (_ cancelled: () -> Bool) throws(MediaError) -> Soundtrack
    ) throws(MediaError) -> SoundProducer {
        try start(depth: depth) { producer throws(MediaError) in
            let cancelled = { @Sendable in cancelled() || !producer.hasConsumer }
            // Narrations are read on one thread and encoded on another.
            let source = try PrefetchingProducer<StereoSamples, SoundSummary>.start(depth: 64) {
                pieces throws(MediaError) in
                var sound = try make(cancelled)
                while let samples = try sound.next() {
                    if cancelled() { throw MediaError(.cancelled, "cancelled") }
                    guard pieces.send(samples) else { throw MediaError(.cancelled, "cancelled") }
                }
                let padded = sound.narration.padded
                let length = countsNarration ? try sound.narrationLength(cancelled: cancelled) : 0
                guard pieces.send(try sound.finish()) else { throw MediaError(.cancelled, "cancelled") }
                return SoundSummary(
                    warnings: sound.warnings(), loudness: sound.measured, padded: padded, narrationLength: length)
            }
            defer { source.stop() }
            var encoder = try AudioEncoder()
            let packet = try Packet()
            func drain() throws(MediaError) {
                while try encoder.receive(into: packet) {
                    guard producer.send(packet.soundPacket) else { throw MediaError(.cancelled, "cancelled") }
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
    fileprivate var soundPacket: SoundPacket {
        var size = 0
        let data = av_packet_get_side_data(pointer, AV_PKT_DATA_SKIP_SAMPLES, &size)
        // Little-endian: samples skipped at the start, samples discarded at the end.
        let discard = size >= 8 ? (4..<8).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(data![$1]) } : 0
        return SoundPacket(
            bytes: bytes, time: pointer.pointee.pts, duration: pointer.pointee.duration, discard: discard)
    }

    /// States how many samples to discard at the end.
    func discardAtEnd(_ samples: UInt32) throws(MediaError) {
        guard samples > 0 else { return }
        guard let data = av_packet_new_side_data(pointer, AV_PKT_DATA_SKIP_SAMPLES, 10) else {
            throw MediaError(.internal, "out of memory")
        }
        data.update(repeating: 0, count: 10)
        for byte in 0..<4 { data[4 + byte] = UInt8(samples >> (8 * UInt32(byte)) & 0xFF) }
    }
}
