import CFFmpeg
import Timebase
import Untrusted

/// Looks at a finished film as its viewers' players and platforms will, and measures what the eye and the ear would complain of.
package enum DeliveryCheck {
    /// - Parameters:
    ///   - narrations: what the film was made of, in order; empty where nobody knows.
    ///   - isThorough: also measure how much of the film is black, frozen and silent, how much of each narration is heard, and whether
    ///     the file is an MP4 that players play: for films that were made elsewhere.
    /// - Returns: what a probe finds, and each point.
    /// - Throws: what cannot even be opened; `cancelled`.
    package static func run(
        _ path: String, narrations: [ExpectedNarration] = [], isThorough: Bool = false,
        cancelled: @escaping @Sendable () -> Bool = { false }, progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> (media: MediaReport, findings: [DeliveryFinding]) {
        let input = try InputFile(path, cancelled: cancelled)
        let bound = ProbeBound(path, duration: input.duration)
        return try bound.run(fileName(path), cancelled) { isOver throws(MediaError) in
            try measure(input, narrations, isThorough: isThorough, cancelled: isOver, progress)
        }
    }

    private static func measure(
        _ input: borrowing InputFile, _ narrations: [ExpectedNarration], isThorough: Bool,
        cancelled: @escaping @Sendable () -> Bool, _ progress: (Double) -> Void
    ) throws(MediaError) -> (media: MediaReport, findings: [DeliveryFinding]) {
        let path = input.path
        let hasSound = input.best(AVMEDIA_TYPE_AUDIO) != nil
        let narrations = onFrames(narrations, of: input)
        // The sound is listened to while the pictures are looked at.
        let sound = try Ahead<Never, SoundCheck.Outcome>.start(depth: 1) { _ throws(MediaError) in
            try SoundCheck.run(
                path, narrations, hasSound: hasSound, isThorough: isThorough, cancelled: cancelled)
        }
        defer { sound.stop() }
        var pictures = PictureStretches()
        let delay = input.best(AVMEDIA_TYPE_VIDEO).map { input.videoDelay($0) } ?? 0
        var stretches = FilmStretches(delay: delay)
        let media = try MediaProbe.probe(
            path, decode: true, cancelled: cancelled, progress: { progress($0 * 0.8) },
            inspect: { look in
                pictures.add(look)
                if isThorough { stretches.add(look) }
            })
        var findings = [
            DeliveryFinding(
                "decodes", media.problems.first ?? "\(media.frames) frames", "every frame", media.decodedOK == true)
        ]
        findings += try ContainerCheck.findings(path, media, cancelled: cancelled)
        findings += pictures.findings(rate: media.rate, boundaries: boundaries(narrations))
        let heard = try sound.summary()
        findings += heard.findings
        if isThorough {
            findings += totals(&stretches, heard.levels, media, delay: delay)
            let obstacle = try DeliverableFile.obstacle(path)
            findings.append(DeliveryFinding("playable", obstacle ?? "yes", "an MP4 that players play", obstacle == nil))
        }
        findings += try captions(path)
        progress(1)
        return (media, findings)
    }

    private static func totals(
        _ pictures: inout FilmStretches, _ levels: [Float], _ media: MediaReport, delay: Double
    ) -> [DeliveryFinding] {
        let video = media.streams.first { $0.type == "video" && $0.isBest }?.span
        let seconds = video.map { $0.end - $0.start + delay } ?? media.duration
        pictures.finish(at: seconds)
        var silent = StretchMeter()
        for (block, level) in levels.enumerated() {
            let time = Double(block) / 10
            guard time < seconds else { break }
            silent.note(level <= NarrationCoverage.sound, at: time)
        }
        let end = Double(levels.count) / 10
        // Where the sound has ended, nothing is heard.
        if end < seconds { silent.note(true, at: end) }
        silent.end(at: seconds)
        return FilmStretches.findings(black: pictures.black, frozen: pictures.frozen, silent: silent, of: seconds)
    }

    /// Segments begin with frames of the whole time line.
    private static func onFrames(
        _ narrations: [ExpectedNarration], of input: borrowing InputFile
    ) -> [ExpectedNarration] {
        guard let index = input.best(AVMEDIA_TYPE_VIDEO) else { return narrations }
        guard let rate = input.stream(index).pointee.avg_frame_rate.frameRate else { return narrations }
        var (seconds, start) = (0.0, 0)
        return narrations.map { narration in
            seconds += narration.duration
            let end = rate.frames(seconds)
            defer { start = end }
            return ExpectedNarration(
                segmentID: narration.segmentID, duration: rate.seconds(end - start), audio: narration.audio,
                audioStart: narration.audioStart, tempo: narration.tempo)
        }
    }

    /// The seconds at which one segment follows another.
    private static func boundaries(_ narrations: [ExpectedNarration]) -> [Double] {
        var seconds = 0.0
        return narrations.dropLast().map { narration in
            seconds += narration.duration
            return seconds
        }
    }

    /// Words, where there are any: in the film's own text track, else in the side-car of its name.
    private static func captions(_ path: String) throws(MediaError) -> [DeliveryFinding] {
        guard let cues = try CaptionSource.cues(of: path), !cues.isEmpty else { return [] }
        let speed =
            cues.map { Double($0.lines.joined(separator: " ").count) / max($0.end - $0.start, 0.001) }.max() ?? 0
        let columns = cues.flatMap(\.lines).map { $0.reduce(0) { $0 + Script.width($1) } }.max() ?? 0
        let lines = cues.map(\.lines.count).max() ?? 0
        return [
            DeliveryFinding(
                "caption_speed", "\(DeliveryFinding.number(speed, digits: 1)) characters/s", "at most 17 characters/s",
                speed <= 17.5),
            DeliveryFinding(
                "caption_lines", "\(lines) of \(columns) columns", "at most 2 of 42 columns",
                lines <= 2 && columns <= 42),
        ]
    }
}
