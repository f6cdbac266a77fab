// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Detects interlaced video where the container does not state it, by decoding its first pictures and, where the coding
/// allows fields, its key pictures.
enum InterlaceCheck {
    /// Number of pictures decoded from the start.
    private static let first = 12

    /// - Throws: `MediaError` if the file cannot be read; `cancelled`.
    static func isInterlaced(
        _ path: String, stream index: Int, cancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(MediaError) -> Bool {
        let input = try InputFile(path, cancelled: cancelled)
        guard index < input.streamCount else {
            throw MediaError(.corruptMedia, "\(fileName(path)) changed while it was read")
        }
        let stream = input.stream(index)
        let parameters = stream.pointee.codecpar.pointee
        if Deinterlacer.isInterlaced(parameters.field_order) { return true }
        let mayHoldFields = parameters.codec_id == AV_CODEC_ID_H264 && allowsFields(parameters)
        guard mayHoldFields || parameters.codec_id == AV_CODEC_ID_HEVC else { return false }
        let decoder = try Decoder(stream: stream, file: path)
        let packet = try Packet()
        let frame = try Frame()
        var pictures = 0
        while try input.read(packet) {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            guard packet.pointer.pointee.stream_index == Int32(index) else { continue }
            if pictures >= first {
                guard mayHoldFields else { return false }
                decoder.context.pointee.skip_frame = AVDISCARD_NONKEY
                guard packet.isKey else { continue }
            }
            _ = try decoder.send(packet)
            if hasFields(decoder, frame, &pictures) { return true }
        }
        decoder.finish()
        return hasFields(decoder, frame, &pictures)
    }

    private static func hasFields(
        _ decoder: borrowing Decoder, _ frame: borrowing Frame, _ pictures: inout Int
    ) -> Bool {
        while true {
            switch decoder.receive(frame) {
            case .frame:
                pictures += 1
                if us_is_interlaced(frame.pointer) != 0 { return true }
            case .broken: continue
            case .needsInput, .end: return false
            }
        }
    }

    /// Whether the header's parameter sets allow fields. Unreadable ones count as if they did.
    private static func allowsFields(_ parameters: AVCodecParameters) -> Bool {
        guard let extradata = parameters.extradata else { return true }
        let bytes = Array(UnsafeBufferPointer(start: extradata, count: Int(parameters.extradata_size)))
        do throws(MediaError) {
            for unit in try DecoderConfiguration(extradata: bytes).sequence {
                guard try SequenceParameterSet(unit, acceptsFields: true).isFrameOnly else { return true }
            }
            return false
        } catch {
            return true
        }
    }
}
