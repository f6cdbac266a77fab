import CFFmpeg

/// Decodes a clip's pictures in the order of time, each brought to a film's format.
struct VideoReader: ~Copyable {
    private let input: InputFile
    private let decoder: Decoder
    private let streamIndex: Int
    private var normaliser: Normaliser
    private let packet: Packet
    private let origin: Double
    private let secondsPerTick: Double
    private var next: Frame?
    private var nextTime: Double
    private var shown: Frame?
    private var isFinished: Bool
    /// Seconds at which the index has its last picture.
    private let lastIndexed: Double
    private let name: String

    /// - Parameter seconds: nothing before this moment of the clip will be asked for.
    static func open(
        _ path: String, from seconds: Double, format: VideoFormat, fit: PictureFit
    ) throws(MediaError) -> VideoReader {
        let input = try InputFile(path)
        guard let index = input.best(AVMEDIA_TYPE_VIDEO) else {
            throw MediaError(.corruptMedia, "\(fileName(path)) holds no video")
        }
        let stream = input.stream(index)
        let decoder = try Decoder(stream: stream, file: path, threads: 2)
        let packet = try Packet()
        let base = stream.pointee.time_base
        let secondsPerTick = base.secondsPerTick ?? 0
        let start = stream.pointee.start_time == us_no_pts ? 0 : stream.pointee.start_time
        if seconds > 0 {
            // Where seeking fails the reader decodes from the beginning.
            _ = av_seek_frame(
                input.context, Int32(index), MediaTime.sum(start, MediaTime.ticks(seconds, base)),
                AVSEEK_FLAG_BACKWARD)
        }
        return VideoReader(
            input: input, decoder: decoder, streamIndex: index,
            normaliser: Normaliser(
                format: format, fit: fit, orientation: Orientation(stream), name: fileName(path)),
            packet: packet,
            lastIndexed: lastIndexed(stream, secondsPerTick) - Double(start) * secondsPerTick,
            origin: Double(start) * secondsPerTick, secondsPerTick: secondsPerTick, name: fileName(path))
    }

    private init(
        input: consuming InputFile, decoder: consuming Decoder, streamIndex: Int,
        normaliser: consuming Normaliser, packet: consuming Packet, lastIndexed: Double, origin: Double,
        secondsPerTick: Double, name: String
    ) {
        self.input = input
        self.decoder = decoder
        self.streamIndex = streamIndex
        self.normaliser = normaliser
        self.packet = packet
        self.lastIndexed = lastIndexed
        self.origin = origin
        self.secondsPerTick = secondsPerTick
        self.name = name
        next = nil
        nextTime = -.infinity
        shown = nil
        isFinished = false
    }

    /// The picture that is seen at a moment: the last that begins at or before it; the last of all beyond the end.
    ///
    /// - Parameter seconds: from the clip's start; never less than in the call before.
    /// - Throws: `corruptMedia` for a clip without a picture.
    mutating func picture(at seconds: Double) throws(MediaError) -> Frame {
        if shown == nil, next == nil { try advance() }
        while next != nil, shown == nil || nextTime <= seconds + 0.001 {
            let picture = next.take()!
            shown = try normaliser.normalise(picture)
            try advance()
        }
        guard shown != nil else { throw MediaError(.corruptMedia, "\(name) holds no picture that can be decoded") }
        return try shown!.reference()
    }

    private mutating func advance() throws(MediaError) {
        let frame = try Frame()
        while !isFinished {
            switch decoder.receive(frame) {
            case .frame:
                let time = frame.pointer.pointee.best_effort_timestamp
                nextTime = time == us_no_pts ? nextTime : Double(time) * secondsPerTick - origin
                next = consume frame
                return
            case .broken: continue
            case .end:
                isFinished = true
                guard nextTime > lastIndexed - 0.1 else {
                    throw MediaError(
                        .corruptMedia, "\(name) ends at \(max(nextTime, 0)) s, its index promises \(lastIndexed) s")
                }
            case .needsInput:
                while try input.read(packet) {
                    guard packet.pointer.pointee.stream_index == Int32(streamIndex) else { continue }
                    _ = try decoder.send(packet)
                    break
                }
                if packet.pointer.pointee.size == 0 { decoder.finish() }
            }
        }
    }

    /// Of containers that have an index from the beginning; others promise nothing.
    private static func lastIndexed(_ stream: UnsafeMutablePointer<AVStream>, _ secondsPerTick: Double) -> Double {
        let count = avformat_index_get_entries_count(stream)
        guard stream.pointee.nb_frames > 0, count > 0,
            let last = avformat_index_get_entry(stream, count - 1)
        else { return -.infinity }
        return Double(last.pointee.timestamp) * secondsPerTick
    }
}
