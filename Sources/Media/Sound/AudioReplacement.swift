// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Glibc
import Timebase
import Untrusted

/// Replaces the sound of a clip: the video is copied, the narration is encoded from the clip's first frame on.
package enum AudioReplacement {
    /// Writes a clip with a narration as its sound.
    ///
    /// - Parameters:
    ///   - clip: Path of the clip.
    ///   - audio: Path of the narration.
    ///   - output: Path of the MP4 to write.
    ///   - duration: Duration of the sound in seconds; that of the video if absent.
    ///   - audioStart: Seconds to skip at the start of the narration.
    ///   - tempo: Playback speed of the rest relative to the recording.
    ///   - cancelled: Polled for each packet.
    ///   - progress: Called with the completed fraction, 0 to 1.
    /// - Throws: `MediaError`. A narration that cannot be read is reported before anything is written.
    package static func run(
        clip: String, audio: String, output: String, duration: Double? = nil, audioStart: Double = 0, tempo: Double = 1,
        cancelled: @escaping @Sendable () -> Bool = { false }, progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> AudioReplacementReport {
        // Opened first, so that an unreadable narration leaves no output.
        _ = try AudioReader.open(audio)
        let input = try InputFile(clip)
        guard let index = input.best(AVMEDIA_TYPE_VIDEO) else {
            throw MediaError(.corruptMedia, "\(fileName(clip)) contains no video")
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
            throw MediaError(.corruptMedia, "\(fileName(clip)) contains no pictures")
        }
        if duration == nil { try ProbeTimeLimit.checkLength(video, clip) }
        let seconds = duration ?? video
        guard seconds > 0, seconds <= AudioReader.maximumDuration else {
            throw MediaError(
                .invalidArgument,
                "\(fileName(clip)): the duration of the sound must be more than 0 s and at most six hours, found "
                    + "\(seconds) s")
        }
        let narration = FilmPart(
            clip: clip, frames: 1, audio: audio, audioStart: audioStart, tempo: tempo, title: fileName(audio))
        // The narration starts with the first frame, wherever that is on the clip's time line.
        let start = stream.pointee.start_time == us_no_pts ? 0 : stream.pointee.start_time
        let samples = AudioEncoder.clock.samples(seconds)
        let summary = try write(input, index, from: start, narration, samples, output, cancelled, progress)
        let narrationLength = summary.narrationLength
        let clock = AudioEncoder.clock
        return AudioReplacementReport(
            audioDuration: clock.seconds(narrationLength), padded: clock.seconds(summary.padded),
            trimmed: max(clock.seconds(narrationLength - samples) - audioStart, 0))
    }

    /// Encodes a film's own sound. Pictures and sound keep their positions on the film's time line, however far apart
    /// they start.
    ///
    /// - Parameter pictures: Seconds from the first picture to the end of the last.
    static func encodeSound(
        of film: String, pictures: Double, output: String, cancelled: @escaping @Sendable () -> Bool,
        progress: (Double) -> Void
    ) throws(MediaError) {
        let startTime = try AudioReader.open(film).startTime
        let input = try InputFile(film)
        guard let index = input.best(AVMEDIA_TYPE_VIDEO) else {
            throw MediaError(.corruptMedia, "\(fileName(film)) contains no video")
        }
        let base = input.stream(index).pointee.time_base
        let first = input.start(of: index) ?? 0
        // The sound is read from its first sample or the first picture on, whichever is earlier.
        let start = min(startTime ?? first, first)
        let seconds = pictures + first - start
        try ProbeTimeLimit.checkLength(seconds, film)
        let sound = FilmPart(clip: film, frames: 1, audio: film, title: fileName(film))
        let samples = AudioEncoder.clock.samples(seconds)
        let tick = MediaTime.ticks(start + input.secondsPerTick(index) / 2, base)
        _ = try write(input, index, from: tick, sound, samples, output, cancelled, progress)
    }

    /// Encodes a clip's pictures into a file beside the output while `body` runs. If copied, pictures that the edit
    /// list hides between others would be visible.
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
    ///   - start: Time of the video stream, in its ticks, at which the sound starts.
    ///   - samples: Length of the sound.
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
        let sound = try SoundProducer.encode(countsNarration: true, cancelled: cancelled) { _ throws(MediaError) in
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
            // Pictures that an edit list hides at the end are dropped. Those at the start are references of shown ones.
            if packet.isHidden, copied > 0 { continue }
            packet.shift(by: start)
            // Some containers do not state decoding times.
            let (dts, pts) = (packet.pointer.pointee.dts, packet.pointer.pointee.pts)
            time = MediaTime.seconds(dts != us_no_pts ? dts : pts, base) ?? time
            let soundEnd = AudioEncoder.clock.samples(time + 0.5)
            try film.writeSound(upTo: min(max(soundEnd, 0), samples))
            if !packet.isHidden { copied += 1 }
            try film.movie.copyVideo(packet, timeBase: base)
            progress((time / max(seconds, 0.001)).clamped(to: 0...1))
        }
        let declared = input.declaredFrames(index)
        guard copied >= declared else {
            throw MediaError(
                .corruptMedia,
                "\(fileName(input.path)) ends after \(copied) of \(declared) frames that its index lists")
        }
        return try film.finish()
    }
}
