import CFFmpeg
package import Timebase
import Untrusted

/// What became of a film's streams.
package struct ConversionReport: Sendable, Equatable {
    /// Seconds of the pictures, from the beginning of the sound where that is before them.
    package let duration: Double
    /// Why the pictures were encoded; `nil` if they were copied as they are coded.
    package let encodedPictures: String?
    /// Why the sound was encoded; `nil` if it was copied, or there is none.
    package let encodedSound: String?
}

/// What to make of a film.
package struct ConversionRecipe: Sendable {
    /// Path of the film.
    package var input: String
    /// Seconds from the film's beginning: the first picture, or the sound that comes before it. 0 for the whole film.
    package var start = 0.0
    /// Seconds; to the film's end if absent.
    package var duration: Double?
    /// -> pixels; the film's own if absent.
    package var width: Int?
    /// -> pixels; the film's own if absent.
    package var height: Int?
    /// The film's own if absent.
    package var rate: FrameRate?
    /// Encode pictures that could be copied.
    package var encodes = false

    package init(input: String) { self.input = input }
}

/// Writes a film as an MP4 with its index first. Streams that players play in an MP4 are copied as they are coded, others are encoded
/// as H.264 and AAC.
package enum MovieConversion {
    /// - Parameters:
    ///   - output: path of the MP4.
    ///   - cancelled: asked for each packet or frame.
    ///   - progress: 0 to 1.
    /// - Throws: `corruptMedia` for a film without pictures; `invalidArgument` for a stretch outside the film.
    package static func run(
        _ recipe: ConversionRecipe, output: String, cancelled: @escaping @Sendable () -> Bool = { false },
        progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> ConversionReport {
        let input = try InputFile(recipe.input, cancelled: cancelled)
        guard let video = input.best(AVMEDIA_TYPE_VIDEO) else {
            throw MediaError(.corruptMedia, "\(fileName(recipe.input)) holds no video")
        }
        let stream = input.stream(video)
        let span = try PacketSpan(recipe.input, stream: video, cancelled: cancelled)
        let delay = input.videoDelay(video)
        let whole = span.seconds + delay
        guard span.seconds > 0 else { throw MediaError(.corruptMedia, "\(fileName(recipe.input)) holds no pictures") }
        try ProbeBound.checkLength(whole, recipe.input)
        guard recipe.start >= 0, recipe.start < whole else {
            throw MediaError(
                .invalidArgument, "\(fileName(recipe.input)) lasts \(whole) s, the stretch begins at \(recipe.start) s")
        }
        let isStretch = recipe.start > 0 || recipe.duration != nil
        let isReshaped = recipe.width != nil || recipe.height != nil || recipe.rate != nil
        let audio = input.best(AVMEDIA_TYPE_AUDIO)
        var reason = DeliverableFile.pictures(stream)
        if Orientation(stream) != .upright { reason = "it is rotated" }
        if span.lacksTimes { reason = "its container states no presentation times" }
        if span.hides { reason = "an edit list hides some of its pictures" }
        if isReshaped { reason = "it was asked for in another size or rate" }
        if isStretch { reason = "it is cut" }
        if recipe.encodes { reason = "it was asked for" }
        if reason == nil, try InterlaceCheck.isInterlaced(recipe.input, stream: video, cancelled: cancelled) {
            reason = DeliverableFile.interlaced
        }
        if reason == nil {
            let sound = audio.flatMap { DeliverableFile.sound(input.stream($0)) }
            if audio == nil || sound == nil {
                try copy(input, video: video, audio: audio, output, whole, cancelled, progress)
            } else {
                try AudioReplacement.encodeSound(
                    of: recipe.input, pictures: span.seconds, output: output, cancelled: cancelled, progress: progress)
            }
            return ConversionReport(duration: whole, encodedPictures: nil, encodedSound: sound)
        }
        let format = try format(of: input, video, recipe)
        // Pictures that wait for their place do so for whole frames.
        let seconds = recipe.duration ?? span.seconds + format.rate.seconds(wholeFrames: delay) - recipe.start
        var part = FilmPart(
            clip: recipe.input, frames: max(format.rate.frames(seconds), 1), audio: nil, audioStart: recipe.start,
            title: "")
        part.clipStart = recipe.start
        let made = try Film.stitch(
            FilmRecipe(parts: [part], format: format), output: output, cancelled: cancelled, progress: progress)
        return ConversionReport(
            duration: made.duration, encodedPictures: reason, encodedSound: audio == nil ? nil : reason)
    }

    /// The film's own size and rate as far as they are not asked for otherwise.
    private static func format(
        of input: borrowing InputFile, _ video: Int, _ recipe: ConversionRecipe
    ) throws(MediaError) -> VideoFormat {
        let stream = input.stream(video)
        let parameters = stream.pointee.codecpar.pointee
        var size = (width: Double(parameters.width), height: Double(parameters.height))
        // Only some containers state the shape of pixels themselves.
        let aspect = av_guess_sample_aspect_ratio(input.context, stream, nil).pixelAspect
        // Pixels become square by growing, so that none is lost.
        if aspect < 1 { size.height /= aspect } else { size.width *= aspect }
        if Orientation(stream).quarterTurns % 2 == 1 { size = (size.height, size.width) }
        let scale = min(1, 4096 / max(size.width, size.height, 1))
        func even(_ value: Double) -> Int { Int(clamping: ((value * scale).clamped(to: 64...4096) / 2).rounded()) * 2 }
        let own = stream.pointee.avg_frame_rate.frameRate
        let rate = recipe.rate ?? own?.nearestStandard ?? FrameRate(30)
        return try VideoFormat(
            width: recipe.width ?? even(size.width), height: recipe.height ?? even(size.height), rate: rate)
    }

    private static func copy(
        _ input: borrowing InputFile, video: Int, audio: Int?, _ output: String, _ seconds: Double,
        _ cancelled: () -> Bool, _ progress: (Double) -> Void
    ) throws(MediaError) {
        let format = try VideoFormat(rate: input.stream(video).pointee.avg_frame_rate.frameRate ?? FrameRate(30))
        var movie = try MovieFile(path: output, copying: input.stream(video), format: format)
        if let audio { try movie.addSound(copying: input.stream(audio)) }
        try movie.writeHeader()
        let packet = try Packet()
        var origin: Double?
        while try input.read(packet) {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            let index = Int(packet.pointer.pointee.stream_index)
            guard index == video || index == audio else { continue }
            let base = input.stream(index).pointee.time_base
            if origin == nil {
                // Transport streams do not begin at zero.
                let start = input.context.pointee.start_time
                origin = MediaTime.seconds(start, AVRational(num: 1, den: AV_TIME_BASE)) ?? 0
            }
            let shift = MediaTime.ticks(-(origin ?? 0), base)
            if packet.pointer.pointee.pts != us_no_pts {
                packet.pointer.pointee.pts = MediaTime.sum(packet.pointer.pointee.pts, shift)
            }
            if packet.pointer.pointee.dts != us_no_pts {
                packet.pointer.pointee.dts = MediaTime.sum(packet.pointer.pointee.dts, shift)
            }
            if let time = MediaTime.seconds(packet.pointer.pointee.pts, base) {
                progress(min(max(time / seconds, 0), 1))
            }
            if index == video {
                try movie.copy(packet, timeBase: base)
            } else {
                try movie.copySound(packet, timeBase: base)
            }
        }
        try movie.finish()
    }
}

/// When the packets of a stream are presented, found without decoding them.
struct PacketSpan {
    /// Seconds from the first presented packet to the end of the last one; 0 for none.
    let seconds: Double
    /// Whether an edit list hides packets.
    let hides: Bool
    /// Whether the container does not state when each packet is presented.
    let lacksTimes: Bool

    init(
        _ path: String, stream index: Int, cancelled: @escaping @Sendable () -> Bool
    ) throws(MediaError) {
        let input = try InputFile(path, cancelled: cancelled)
        guard index < input.streamCount else { throw MediaError(.corruptMedia, "\(fileName(path)) changes") }
        let base = input.stream(index).pointee.time_base
        let packet = try Packet()
        var meter = SpanMeter()
        var ending: (time: Double, duration: Double)?
        var hides = false
        // In AVI, times of reordered pictures are the demuxer's guess.
        var lacksTimes = input.isAVI
        while try input.read(packet) {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            guard packet.pointer.pointee.stream_index == Int32(index) else { continue }
            if packet.isHidden { hides = true }
            guard !packet.isHidden else { continue }
            let (pts, dts) = (packet.pointer.pointee.pts, packet.pointer.pointee.dts)
            if pts == us_no_pts { lacksTimes = true }
            guard let time = MediaTime.seconds(pts == us_no_pts ? dts : pts, base) else { continue }
            meter.add(picture: time)
            if time >= ending?.time ?? -.infinity {
                ending = (time, MediaTime.seconds(packet.pointer.pointee.duration, base) ?? 0)
            }
        }
        if let ending { meter.end(at: ending.time, lasting: ending.duration) }
        meter.hold(until: input.repeatedUntil(index))
        let frame = input.stream(index).pointee.avg_frame_rate.frameRate.map { $0.seconds(1) }
        seconds = meter.span(frame: frame)?.presented ?? 0
        self.hides = hides
        self.lacksTimes = lacksTimes
    }
}
