import CFFmpeg
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
        let stream = input.stream(index)
        let base = stream.pointee.time_base
        let ticks = stream.pointee.duration
        let video = (ticks > 0 ? MediaTime.seconds(ticks, base) : nil) ?? input.duration
        guard duration != nil || video > 0 else {
            throw MediaError(.corruptMedia, "\(fileName(clip)) holds no pictures")
        }
        if duration == nil { try ProbeBound.checkLength(video, clip) }
        let seconds = duration ?? video
        guard seconds > 0, seconds <= AudioReader.maximumDuration else {
            throw MediaError(
                .invalidArgument, "\(fileName(clip)): a duration of \(seconds) s cannot be filled with sound")
        }
        let format = try VideoFormat(rate: stream.pointee.avg_frame_rate.frameRate ?? FrameRate(30))
        let samples = Int((seconds * Double(AudioEncoder.sampleRate)).rounded())
        var movie = try MovieFile(path: output, copying: stream, format: format)
        try movie.addAudio(try AudioEncoder())
        try movie.writeHeader()
        let narration = FilmPart(
            clip: clip, frames: 1, audio: audio, audioStart: audioStart, tempo: tempo, title: fileName(audio))
        let sound = try SoundAhead.code(countsNarration: true, cancelled: cancelled) { _ throws(MediaError) in
            try Soundtrack(FilmSound(parts: [narration], starts: [0, samples]))
        }
        defer { sound.stop() }
        var film = FilmWriter(sound: sound, movie: movie)
        let packet = try Packet()
        // The narration begins with the first frame, wherever that is on the clip's time line.
        let start = stream.pointee.start_time == us_no_pts ? 0 : stream.pointee.start_time
        var time = 0.0
        var copied = 0
        while try input.read(packet) {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            guard packet.pointer.pointee.stream_index == Int32(index) else { continue }
            packet.shift(by: start)
            // Some containers do not keep decoding times.
            let (dts, pts) = (packet.pointer.pointee.dts, packet.pointer.pointee.pts)
            time = MediaTime.seconds(dts != us_no_pts ? dts : pts, base) ?? time
            let heard = ((time + 0.5) * Double(AudioEncoder.sampleRate)).rounded()
            try film.writeSound(upTo: Int(min(max(heard, 0), Double(samples))))
            try film.movie.copy(packet, timeBase: base)
            copied += 1
            progress((time / max(video, 0.001)).clamped(to: 0...1))
        }
        let promised = input.promisedFrames(index)
        guard copied >= promised else {
            throw MediaError(
                .corruptMedia, "\(fileName(clip)) ends after \(copied) of \(promised) frames that its index promises")
        }
        let heard = try film.finish()
        let whole = heard.narrationLength
        let perSample = 1 / Double(AudioEncoder.sampleRate)
        return AudioReplacementReport(
            audioDuration: Double(whole) * perSample, padded: Double(heard.padded) * perSample,
            trimmed: max(Double(whole - samples) * perSample - audioStart, 0))
    }
}
