// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase
import Untrusted

/// Checks a finished film as players and platforms do, and measures visible and audible defects.
///
/// ```swift
/// let (media, findings) = try DeliveryCheck.run("/tmp/film.mp4")
/// let failed = findings.filter { !$0.isPassed }.map { "\($0.name): \($0.measured), expected \($0.target)" }
/// ```
package enum DeliveryCheck {
    /// Decodes a film and measures it.
    ///
    /// - Parameters:
    ///   - path: Path of the film.
    ///   - narrations: The film's narrations in order; empty if unknown.
    ///   - isThorough: Whether to measure also how much of the film is black, frozen and silent, how much of each
    ///     narration is heard, and whether the file is an MP4 that players support: for films that were made elsewhere.
    ///   - cancelled: Polled during all work.
    ///   - progress: Called with the completed fraction, 0 to 1.
    /// - Returns: The report of the probe, and the findings.
    /// - Throws: `MediaError` if the file cannot be opened; `timeout`; `cancelled`.
    package static func run(
        _ path: String, narrations: [ExpectedNarration] = [], isThorough: Bool = false,
        cancelled: @escaping @Sendable () -> Bool = { false }, progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> (media: MediaReport, findings: [DeliveryFinding]) {
        let input = try InputFile(path, cancelled: cancelled)
        let limit = ProbeTimeLimit(path, duration: input.duration)
        return try limit.run(fileName(path), cancelled) { shouldStop throws(MediaError) in
            try measure(input, narrations, isThorough: isThorough, cancelled: shouldStop, progress)
        }
    }

    private static func measure(
        _ input: borrowing InputFile, _ narrations: [ExpectedNarration], isThorough: Bool,
        cancelled: @escaping @Sendable () -> Bool, _ progress: (Double) -> Void
    ) throws(MediaError) -> (media: MediaReport, findings: [DeliveryFinding]) {
        let path = input.path
        let hasSound = input.best(AVMEDIA_TYPE_AUDIO) != nil
        let narrations = alignedToFrames(narrations, of: input)
        // The sound is decoded on another thread while the pictures are.
        let sound = try PrefetchingProducer<Never, SoundCheck.Outcome>.start(depth: 1) { _ throws(MediaError) in
            try SoundCheck.run(
                path, narrations, hasSound: hasSound, isThorough: isThorough, cancelled: cancelled)
        }
        defer { sound.stop() }
        var freezeCheck = BlackFreezeCheck()
        let delay = input.best(AVMEDIA_TYPE_VIDEO).map { input.videoDelay($0) } ?? 0
        var freezeMeter = BlackFreezeMeter(delay: delay)
        let media = try MediaProbe.probe(
            path, decode: true, cancelled: cancelled, progress: { progress($0 * 0.8) },
            onThumbnail: { thumbnail in
                freezeCheck.add(thumbnail)
                if isThorough { freezeMeter.add(thumbnail) }
            })
        var findings = [
            DeliveryFinding(
                "decodes", media.problems.first ?? "\(media.frames) frames", "every frame", media.decodedOK == true)
        ]
        findings += try ContainerCheck.findings(path, media, cancelled: cancelled)
        findings += freezeCheck.findings(rate: media.rate, boundaries: boundaries(narrations))
        let soundOutcome = try sound.summary()
        findings += soundOutcome.findings
        if isThorough {
            findings += totals(&freezeMeter, soundOutcome.levels, media, delay: delay)
            let obstacle = try MP4Compatibility.obstacle(path)
            findings.append(DeliveryFinding("playable", obstacle ?? "yes", "an MP4 that players play", obstacle == nil))
        }
        findings += try captions(path)
        progress(1)
        return (media, findings)
    }

    private static func totals(
        _ freezeMeter: inout BlackFreezeMeter, _ levels: [Float], _ media: MediaReport, delay: Double
    ) -> [DeliveryFinding] {
        let video = media.streams.first { $0.type == "video" && $0.isBest }?.span
        let seconds = video.map { $0.end - $0.start + delay } ?? media.duration
        freezeMeter.finish(at: seconds)
        var silent = TimeRangeCollector()
        for (block, level) in levels.enumerated() {
            let time = Double(block) / 10
            guard time < seconds else { break }
            silent.record(level <= NarrationCoverage.soundThreshold, at: time)
        }
        let end = Double(levels.count) / 10
        // After the end of the sound there is silence.
        if end < seconds { silent.record(true, at: end) }
        silent.end(at: seconds)
        return BlackFreezeMeter.findings(
            black: freezeMeter.black, frozen: freezeMeter.frozen, silent: silent, of: seconds)
    }

    /// The narrations with segment boundaries on frames of the film.
    private static func alignedToFrames(
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

    /// Times of the boundaries between segments, in seconds.
    private static func boundaries(_ narrations: [ExpectedNarration]) -> [Double] {
        var seconds = 0.0
        return narrations.dropLast().map { narration in
            seconds += narration.duration
            return seconds
        }
    }

    /// Checks the captions, if there are any: of the film's text track, else of the sidecar file of the same name.
    private static func captions(_ path: String) throws(MediaError) -> [DeliveryFinding] {
        guard let cues = try CaptionSource.cues(of: path), !cues.isEmpty else { return [] }
        let speed =
            cues.map { Double($0.lines.joined(separator: " ").count) / max($0.end - $0.start, 0.001) }.max() ?? 0
        let columns = cues.flatMap(\.lines).map { $0.reduce(0) { $0 + WritingSystem.width($1) } }.max() ?? 0
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
