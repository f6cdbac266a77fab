import CFFmpeg

/// Whether a video is interlaced, where the container does not state it: found by decoding its first pictures and, where the coding
/// allows fields, its key pictures.
enum InterlaceCheck {
    /// Pictures that are decoded from the beginning.
    private static let first = 12

    /// - Throws: `cancelled`; what is wrong with the file.
    static func isInterlaced(
        _ path: String, stream index: Int, cancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(MediaError) -> Bool {
        let input = try InputFile(path, cancelled: cancelled)
        guard index < input.streamCount else { throw MediaError(.corruptMedia, "\(fileName(path)) changes") }
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

    /// Whether the header's parameter sets allow fields, or cannot be read.
    private static func allowsFields(_ parameters: AVCodecParameters) -> Bool {
        guard let extradata = parameters.extradata else { return true }
        let bytes = Array(UnsafeBufferPointer(start: extradata, count: Int(parameters.extradata_size)))
        do throws(MediaError) {
            for unit in try DecoderConfiguration(extradata: bytes).sequence {
                guard try SequenceParameters(unit, acceptsFields: true).framesOnly else { return true }
            }
            return false
        } catch {
            return true
        }
    }
}
