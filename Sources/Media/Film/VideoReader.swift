// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase

/// Decodes a clip's pictures in presentation order, each converted to a film's format.
struct VideoReader: ~Copyable {
    private let input: InputFile
    private let decoder: Decoder
    private let streamIndex: Int
    private let deinterlacer: Deinterlacer
    private var normaliser: Normaliser
    private let packet: Packet
    /// Start of the clip on its own time line, in seconds.
    private let origin: Double
    private let secondsPerTick: Double
    private var next: Frame?
    private var nextTime: Double
    private var shown: Frame?
    private var isFinished: Bool
    /// For pictures coded as fields: which of them are shown.
    private var topFieldFirst: Bool?
    /// Time of the last picture according to the index, in seconds.
    private let lastIndexed: Double
    private let name: String

    /// Opens a clip.
    ///
    /// - Parameter seconds: The earliest time of the clip that will be requested.
    static func open(
        _ path: String, from seconds: Double, format: VideoFormat, fit: PictureFit
    ) throws(MediaError) -> VideoReader {
        var back = 0.0
        while true {
            var reader = try VideoReader(path, format: format, fit: fit)
            let target = seconds - back
            guard target > 0 else { return reader }
            reader.seek(to: target)
            // With open groups or reordered pictures, decoding may start after the requested time.
            if (try? reader.advance()) != nil, reader.next != nil, reader.nextTime <= seconds + 0.001 { return reader }
            back = back * 4 + 1
        }
    }

    private init(_ path: String, format: VideoFormat, fit: PictureFit) throws(MediaError) {
        let input = try InputFile(path)
        guard let index = input.best(AVMEDIA_TYPE_VIDEO) else {
            throw MediaError(.corruptMedia, "\(fileName(path)) contains no video")
        }
        let stream = input.stream(index)
        let decoder = try Decoder(stream: stream, file: path, threads: 2)
        let packet = try Packet()
        // Pictures stay on whole frames: a delay of the first picture is rounded to the nearest one.
        let delay = format.rate.seconds(wholeFrames: input.videoDelay(index))
        origin = (input.start(of: index) ?? 0) - delay
        secondsPerTick = input.secondsPerTick(index)
        lastIndexed = Self.lastIndexed(stream, secondsPerTick) - origin
        deinterlacer = Deinterlacer(stream)
        normaliser = Normaliser(format: format, fit: fit, orientation: Orientation(stream), name: fileName(path))
        name = fileName(path)
        streamIndex = index
        next = nil
        nextTime = -.infinity
        shown = nil
        isFinished = false
        topFieldFirst = nil
        self.input = input
        self.decoder = decoder
        self.packet = packet
    }

    /// Seeks to a key frame before a time. If seeking fails, decoding starts at the beginning.
    private mutating func seek(to seconds: Double) {
        let ticks = MediaTime.ticks(seconds + origin, input.stream(streamIndex).pointee.time_base)
        _ = av_seek_frame(input.context, Int32(streamIndex), ticks, AVSEEK_FLAG_BACKWARD)
    }

    /// The picture shown at a time: the last that starts at or before it, or the last of all after the end.
    ///
    /// - Parameter seconds: Seconds from the start of the clip; must not decrease between calls.
    /// - Throws: `corruptMedia` for a clip without a picture.
    mutating func picture(at seconds: Double) throws(MediaError) -> Frame {
        if shown == nil, next == nil { try advance() }
        while next != nil, shown == nil || nextTime <= seconds + 0.001 {
            let picture = try deinterlacer.deinterlace(next.take()!)
            shown = try normaliser.normalise(picture)
            try advance()
        }
        guard shown != nil else { throw MediaError(.corruptMedia, "\(name) contains no picture that can be decoded") }
        return try shown!.reference()
    }

    private mutating func advance() throws(MediaError) {
        let frame = try Frame()
        while !isFinished {
            switch decoder.receive(frame) {
            case .frame:
                let time = frame.pointer.pointee.best_effort_timestamp
                nextTime = time == us_no_pts ? nextTime : Double(time) * secondsPerTick - origin
                if deinterlacer.isSecondField(frame, topFirst: &topFieldFirst) { continue }
                // The container's pixel aspect ratio takes precedence over the coded one, as in players.
                frame.pointer.pointee.sample_aspect_ratio = av_guess_sample_aspect_ratio(
                    input.context, input.stream(streamIndex), frame.pointer)
                next = consume frame
                return
            case .broken: continue
            case .end:
                isFinished = true
                guard nextTime > lastIndexed - 0.1 || !lastIndexed.isFinite else {
                    throw MediaError(
                        .corruptMedia, "\(name) ends at \(max(nextTime, 0)) s, but its index ends at \(lastIndexed) s")
                }
            case .needsInput:
                var isFed = false
                while !isFed, try input.read(packet) {
                    guard packet.pointer.pointee.stream_index == Int32(streamIndex) else { continue }
                    _ = try decoder.send(packet)
                    isFed = true
                }
                if !isFed { decoder.finish() }
            }
        }
    }

    /// For containers with an index at the start; minus infinity for others.
    private static func lastIndexed(_ stream: UnsafeMutablePointer<AVStream>, _ secondsPerTick: Double) -> Double {
        guard stream.pointee.nb_frames > 0, let last = TrackIndex(stream).last else { return -.infinity }
        return Double(last) * secondsPerTick
    }
}
