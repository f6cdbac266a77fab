// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase
import Untrusted

/// Writes a film as an MP4 with its index first. Streams that players support in an MP4 are copied, others are encoded
/// as H.264 and AAC.
package enum MovieConversion {
    /// Converts a film.
    ///
    /// - Parameters:
    ///   - recipe: The conversion.
    ///   - output: Path of the MP4 to write.
    ///   - cancelled: Polled for each packet or frame.
    ///   - progress: Called with the completed fraction, 0 to 1.
    /// - Throws: `corruptMedia` for a film without pictures; `invalidArgument` for a range outside the film.
    package static func run(
        _ recipe: ConversionRecipe, output: String, cancelled: @escaping @Sendable () -> Bool = { false },
        progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> ConversionReport {
        let input = try InputFile(recipe.input, cancelled: cancelled)
        guard let video = input.best(AVMEDIA_TYPE_VIDEO) else {
            throw MediaError(.corruptMedia, "\(fileName(recipe.input)) contains no video")
        }
        let stream = input.stream(video)
        let span = try PacketSpan(recipe.input, stream: video, cancelled: cancelled)
        let delay = input.videoDelay(video)
        let filmDuration = span.seconds + delay
        guard span.seconds > 0 else {
            throw MediaError(.corruptMedia, "\(fileName(recipe.input)) contains no pictures")
        }
        try ProbeTimeLimit.checkLength(filmDuration, recipe.input)
        guard recipe.start >= 0, recipe.start < filmDuration else {
            throw MediaError(
                .invalidArgument,
                "\(fileName(recipe.input)) lasts \(filmDuration) s, but the requested range starts at \(recipe.start) s"
            )
        }
        let isStretch = recipe.start > 0 || recipe.duration != nil
        let isReshaped = recipe.width != nil || recipe.height != nil || recipe.rate != nil
        let audio = input.best(AVMEDIA_TYPE_AUDIO)
        var reason = MP4Compatibility.videoObstacle(stream)
        if Orientation(stream) != .upright { reason = "it is rotated" }
        if span.lacksTimestamps { reason = "its container states no presentation times" }
        if span.hidesPackets { reason = "an edit list hides some of its pictures" }
        if isReshaped { reason = "another size or rate was requested" }
        if isStretch { reason = "only a part was requested" }
        if recipe.encodes { reason = "encoding was requested" }
        if reason == nil, try InterlaceCheck.isInterlaced(recipe.input, stream: video, cancelled: cancelled) {
            reason = MP4Compatibility.interlaced
        }
        if reason == nil {
            let sound = audio.flatMap { MP4Compatibility.audioObstacle(input.stream($0)) }
            if audio == nil || sound == nil {
                try copy(input, video: video, audio: audio, output, filmDuration, cancelled, progress)
            } else {
                try AudioReplacement.encodeSound(
                    of: recipe.input, pictures: span.seconds, output: output, cancelled: cancelled, progress: progress)
            }
            return ConversionReport(duration: filmDuration, encodedPictures: nil, encodedSound: sound)
        }
        let format = try format(of: input, video, recipe)
        // A delay of the first picture is rounded to whole frames.
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

    /// The requested size and rate; those of the film where none are requested.
    private static func format(
        of input: borrowing InputFile, _ video: Int, _ recipe: ConversionRecipe
    ) throws(MediaError) -> VideoFormat {
        let stream = input.stream(video)
        let parameters = stream.pointee.codecpar.pointee
        var size = (width: Double(parameters.width), height: Double(parameters.height))
        // Only some containers state the pixel aspect ratio.
        let aspect = av_guess_sample_aspect_ratio(input.context, stream, nil).pixelAspect
        // Pixels become square by enlarging, so that no detail is lost.
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
        if let audio { try movie.addAudio(copying: input.stream(audio)) }
        try movie.writeHeader()
        let packet = try Packet()
        var origin: Double?
        while try input.read(packet) {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            let index = Int(packet.pointer.pointee.stream_index)
            guard index == video || index == audio else { continue }
            let base = input.stream(index).pointee.time_base
            if origin == nil {
                // Transport streams do not start at zero.
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
                try movie.copyVideo(packet, timeBase: base)
            } else {
                try movie.copyAudio(packet, timeBase: base)
            }
        }
        try movie.finish()
    }
}
