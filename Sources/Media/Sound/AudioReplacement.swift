import CFFmpeg
import Glibc
import Timebase
import Untrusted

package struct AudioReplacementReport: Sendable, Equatable {
    /// Seconds of narration before it was cut or padded.
    package let audioDuration: Double
    /// Seconds of silence added behind it.
    package let padded: Double
    /// Seconds cut from its end.
    package let trimmed: Double
}

/// A clip with another sound: the video is copied, the narration encoded from the clip's first frame on.
package enum AudioReplacement {
    /// - Parameters:
    ///   - duration: seconds of sound; the video's duration if absent.
    ///   - audioStart: seconds of the narration that are skipped.
    ///   - tempo: how much faster than recorded the rest of it is heard.
    /// - Throws: the narration's fault, before anything is written.
    package static func run(
        clip: String, audio: String, output: String, duration: Double? = nil, audioStart: Double = 0, tempo: Double = 1,
        cancelled: @escaping @Sendable () -> Bool = { false }, progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> AudioReplacementReport {
        // Opened here first, so that a narration that cannot be read leaves no file.
        _ = try AudioReader.open(audio)
        let input = try InputFile(clip)
        guard let index = input.best(AVMEDIA_TYPE_VIDEO) else {
            throw MediaError(.corruptMedia, "\(fileName(clip)) holds no video")
        }
        guard TrackIndex(input.stream(index)).isContinuous else {
            return try encodingPictures(of: clip, output, cancelled) { pictures throws(MediaError) in
                try run(
                    clip: pictures, audio: audio, output: output, duration: duration, audioStart: audioStart,
                    tempo: tempo,
                    cancelled: cancelled, progress: progress)
            }
        }
        let stream = input.stream(index)
        let ticks = stream.pointee.duration
        let video = (ticks > 0 ? MediaTime.seconds(ticks, stream.pointee.time_base) : nil) ?? input.duration
        guard duration != nil || video > 0 else {
            throw MediaError(.corruptMedia, "\(fileName(clip)) holds no pictures")
        }
        if duration == nil { try ProbeBound.checkLength(video, clip) }
        let seconds = duration ?? video
        guard seconds > 0, seconds <= AudioReader.maximumDuration else {
            throw MediaError(
                .invalidArgument, "\(fileName(clip)): a duration of \(seconds) s cannot be filled with sound")
        }
        let narration = FilmPart(
            clip: clip, frames: 1, audio: audio, audioStart: audioStart, tempo: tempo, title: fileName(audio))
        // The narration begins with the first frame, wherever that is on the clip's time line.
        let start = stream.pointee.start_time == us_no_pts ? 0 : stream.pointee.start_time
        let samples = AudioEncoder.clock.samples(seconds)
        let heard = try write(input, index, from: start, narration, samples, output, cancelled, progress)
        let whole = heard.narrationLength
        let clock = AudioEncoder.clock
        return AudioReplacementReport(
            audioDuration: clock.seconds(whole), padded: clock.seconds(heard.padded),
            trimmed: max(clock.seconds(whole - samples) - audioStart, 0))
    }

    /// A film whose own sound is encoded: pictures and sound keep their places on the film's time line, however far apart they begin.
    ///
    /// - Parameter pictures: seconds from the first picture to the end of the last.
    static func encodeSound(
        of film: String, pictures: Double, output: String, cancelled: @escaping @Sendable () -> Bool,
        progress: (Double) -> Void
    ) throws(MediaError) {
        let beginning = try AudioReader.open(film).beginning
        let input = try InputFile(film)
        guard let index = input.best(AVMEDIA_TYPE_VIDEO) else {
            throw MediaError(.corruptMedia, "\(fileName(film)) holds no video")
        }
        let base = input.stream(index).pointee.time_base
        let first = input.start(of: index) ?? 0
        // The sound is read from its first sample or the first picture on, whichever is earlier.
        let start = min(beginning ?? first, first)
        let seconds = pictures + first - start
        try ProbeBound.checkLength(seconds, film)
        let sound = FilmPart(clip: film, frames: 1, audio: film, title: fileName(film))
        let samples = AudioEncoder.clock.samples(seconds)
        let tick = MediaTime.ticks(start + input.secondsPerTick(index) / 2, base)
        _ = try write(input, index, from: tick, sound, samples, output, cancelled, progress)
    }

    /// Encodes a clip's pictures into a file beside the output, for as long as `body` runs: copied, pictures would be seen that its
    /// edit list hides between others.
    private static func encodingPictures<Result>(
        of clip: String, _ output: String, _ cancelled: @escaping @Sendable () -> Bool,
        _ body: (_ pictures: String) throws(MediaError) -> Result
    ) throws(MediaError) -> Result {
        let pictures = "\(output).pictures.tmp"
        defer { unlink(pictures) }
        var recipe = ConversionRecipe(input: clip)
        recipe.encodes = true
        _ = try MovieConversion.run(recipe, output: pictures, cancelled: cancelled)
        return try body(pictures)
    }

    /// Copies the pictures and encodes the sound.
    ///
    /// - Parameters:
    ///   - start: the moment of the video stream, in its ticks, at which the sound begins.
    ///   - samples: the length of the sound.
    private static func write(
        _ input: borrowing InputFile, _ index: Int, from start: Int64, _ part: FilmPart, _ samples: Int,
        _ output: String,
        _ cancelled: @escaping @Sendable () -> Bool, _ progress: (Double) -> Void
    ) throws(MediaError) -> SoundSummary {
        let stream = input.stream(index)
        let base = stream.pointee.time_base
        let format = try VideoFormat(rate: stream.pointee.avg_frame_rate.frameRate ?? FrameRate(30))
        var movie = try MovieFile(path: output, copying: stream, format: format)
        try movie.addAudio(try AudioEncoder())
        try movie.writeHeader()
        let sound = try SoundAhead.code(countsNarration: true, cancelled: cancelled) { _ throws(MediaError) in
            try Soundtrack(FilmSound(parts: [part], starts: [0, samples]))
        }
        defer { sound.stop() }
        var film = FilmWriter(sound: sound, movie: movie)
        let packet = try Packet()
        let seconds = Double(samples) / Double(AudioEncoder.sampleRate)
        var time = 0.0
        var copied = 0
        while try input.read(packet) {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            guard packet.pointer.pointee.stream_index == Int32(index) else { continue }
            // What an edit list hides at the end is left out; at the beginning, pictures that are shown refer to it.
            if packet.isHidden, copied > 0 { continue }
            packet.shift(by: start)
            // Some containers do not keep decoding times.
            let (dts, pts) = (packet.pointer.pointee.dts, packet.pointer.pointee.pts)
            time = MediaTime.seconds(dts != us_no_pts ? dts : pts, base) ?? time
            let heard = AudioEncoder.clock.samples(time + 0.5)
            try film.writeSound(upTo: min(max(heard, 0), samples))
            if !packet.isHidden { copied += 1 }
            try film.movie.copy(packet, timeBase: base)
            progress((time / max(seconds, 0.001)).clamped(to: 0...1))
        }
        let promised = input.promisedFrames(index)
        guard copied >= promised else {
            throw MediaError(
                .corruptMedia,
                "\(fileName(input.path)) ends after \(copied) of \(promised) frames that its index promises")
        }
        return try film.finish()
    }
}
