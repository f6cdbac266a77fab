// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase

/// Joins clips and narrations to one film.
///
/// Coded pictures are copied. Only the frames of fades, and clips that do not match the film's format, are re-encoded.
/// The sound is one continuous encode over the whole time line.
///
/// ```swift
/// let format = try VideoFormat(width: 1920, height: 1080, rate: FrameRate(30))
/// let parts = ["seg_001", "seg_002"].map { id in
///     FilmPart(clip: "/tmp/\(id).mp4", frames: 240, audio: "/tmp/\(id).mp3", title: id)
/// }
/// var recipe = FilmRecipe(parts: parts, format: format)
/// recipe.fadeFrames = 15
/// let report = try Film.stitch(recipe, output: "/tmp/film.mp4")
/// ```
package enum Film {
    /// Frames of video written before the sound catches up.
    private static let stride = 16
    /// Fraction of the progress for joining if the film is then decoded.
    private static let joiningFraction = 0.7

    private enum Outcome {
        /// - Parameter isProven: Whether all of its pictures were made by this module.
        case film(FilmReport, isProven: Bool)
        /// A clip with the parameter sets of clips made by this module has other samples.
        case mismatchedClip
    }

    /// Makes a film.
    ///
    /// A film with pictures copied from clips of other sources is decoded before this returns. If it does not decode,
    /// it is made again with all pictures re-encoded.
    ///
    /// - Parameters:
    ///   - recipe: The film to make.
    ///   - output: Path of the MP4 to write.
    ///   - cancelled: Polled for each frame.
    ///   - progress: Called with the completed fraction, 0 to 1.
    /// - Throws: `MediaError`. The output is then incomplete.
    package static func stitch(
        _ recipe: FilmRecipe, output: String, cancelled: @escaping @Sendable () -> Bool = { false },
        progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> FilmReport {
        var recipe = recipe
        var fault: String?
        var reached = 0.0
        func advance(_ fraction: Double) {
            reached = max(reached, fraction)
            progress(reached)
        }
        while true {
            switch try join(recipe, output: output, cancelled: cancelled, progress: advance) {
            case .mismatchedClip: recipe.trustsOwnClips = false
            case .film(let report, true): return fault.map { report.adding(warning: $0) } ?? report
            case .film(let report, false):
                let found = try FilmVerification.fault(
                    output, frames: report.frames, cancelled: cancelled,
                    progress: { advance(Self.joiningFraction + (1 - Self.joiningFraction) * $0) })
                guard let found else { return report }
                fault =
                    "the film with copied pictures does not decode (\(found)): all of its pictures were encoded again"
                recipe.reencodes = true
            }
        }
    }

    private static func join(
        _ recipe: FilmRecipe, output: String, cancelled: @escaping @Sendable () -> Bool,
        progress: (Double) -> Void
    ) throws(MediaError) -> Outcome {
        let (parts, format) = (recipe.parts, recipe.format)
        guard !parts.isEmpty, parts.allSatisfy({ $0.frames > 0 }) else {
            throw MediaError(.invalidArgument, "a film needs at least one part, each with at least one frame")
        }
        let inputs = try FilmInputs(recipe, cancelled: cancelled)
        let plan = inputs.plan
        let frames = plan.starts[parts.count]
        let sound = try SoundProducer.encode(cancelled: cancelled) { cancelled throws(MediaError) in
            try Soundtrack.make(recipe, starts: plan.starts, cancelled: cancelled)
        }
        defer { sound.stop() }
        var movie = try MovieFile(
            path: output, format: format, configuration: inputs.configuration, reorders: inputs.fadeEncoder != nil
        )
        try movie.addAudio(try AudioEncoder())
        if !recipe.captions.isEmpty { try movie.addText() }
        for (index, part) in parts.enumerated() where !part.title.isEmpty {
            try movie.addChapter(part.title, start: plan.starts[index], end: plan.starts[index + 1])
        }
        try movie.writeHeader()
        try movie.writeText(recipe.captions, until: format.rate.seconds(frames))
        var film = FilmWriter(sound: sound, movie: movie)

        var written = 0
        func step(_ film: inout FilmWriter) throws(MediaError) {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            written += 1
            guard written % stride == 0 || written == frames else { return }
            try film.writeSound(upTo: format.rate.sample(ofFrame: written, sampleRate: AudioEncoder.sampleRate))
            progress(Double(written) / Double(frames) * (inputs.copiesForeign ? joiningFraction : 1))
        }
        var stillWriter = inputs.fadeEncoder.map { StillFilmWriter($0) }
        for run in plan.runs {
            switch run {
            case .copy(let part, let range), .hold(let part, let range):
                if stillWriter != nil {
                    try stillWriter!.write(range, of: parts[part].clip, into: &film, step)
                } else {
                    let check = inputs.uninspected[part].map { SampleCheck($0) }
                    guard try copy(parts[part], range, check, into: &film, step) else { return .mismatchedClip }
                }
            case .encode(let range):
                try encode(range, recipe, plan, into: &film, step)
            case .blend(let fade):
                let last = plan.starts[fade.part] - 1 - plan.starts[fade.part - 1]
                try stillWriter?.write(
                    fade, from: parts[fade.part - 1].clip, at: last, to: parts[fade.part].clip, into: &film, step)
            }
        }
        let soundSummary = try film.finish()
        let report = FilmReport(
            frames: frames, duration: format.rate.seconds(frames), copiedFrames: frames - plan.encodedFrames,
            encodedFrames: plan.encodedFrames, parts: inputs.report, loudness: soundSummary.loudness,
            warnings: inputs.warnings + soundSummary.warnings)
        return .film(report, isProven: !inputs.copiesForeign)
    }

    /// - Parameter check: Inspects samples that have not been inspected yet.
    /// - Returns: `false` if they cannot be copied.
    private static func copy(
        _ part: FilmPart, _ range: Range<Int>, _ check: SampleCheck?, into film: inout FilmWriter,
        _ step: (inout FilmWriter) throws(MediaError) -> Void
    ) throws(MediaError) -> Bool {
        var check = check
        let input = try InputFile(part.clip, examines: false)
        let index = input.best(AVMEDIA_TYPE_VIDEO) ?? -1
        let packet = try Packet()
        var frame = 0
        while frame < range.upperBound, try input.readShown(packet, of: index) {
            check?.examine(packet)
            if check?.obstacle != nil { return false }
            if frame >= range.lowerBound {
                try film.movie.append(packet)
                try step(&film)
            }
            frame += 1
        }
        guard frame == range.upperBound else {
            throw MediaError(
                .corruptMedia, "\(fileName(part.clip)) ends at frame \(frame), but its index lists more")
        }
        return true
    }

    private static func encode(
        _ range: Range<Int>, _ recipe: FilmRecipe, _ plan: FilmPlan, into film: inout FilmWriter,
        _ step: (inout FilmWriter) throws(MediaError) -> Void
    ) throws(MediaError) {
        var encoder = try VideoEncoder(
            format: recipe.format, quality: .constantRateFactor(18), parameterSet: .reencoded)
        let packet = try Packet()
        var pictures = FilmPictures(recipe, plan: plan, first: range.lowerBound)
        for frame in range {
            try encoder.encode(try pictures.picture(at: frame), asKey: frame == range.lowerBound)
            while let coded = try encoder.receive(into: packet) {
                try film.movie.write(coded)
                try step(&film)
            }
        }
        encoder.finish()
        while let coded = try encoder.receive(into: packet) {
            try film.movie.write(coded)
            try step(&film)
        }
    }
}
