import CFFmpeg
import Timebase

/// Joins clips and narrations to one film.
///
/// The video is copied as it is coded; only the frames of fades, and clips that are unlike the film, are encoded anew.
/// The sound is one continuous encode over the whole time line.
package enum Film {
    /// Frames of video written before the sound catches up.
    private static let stride = 16
    /// How much of the work joining is, where the film is then decoded.
    private static let joining = 0.7

    private enum Outcome {
        /// - Parameter isProven: whether all of its pictures were made here.
        case film(FilmReport, isProven: Bool)
        /// A clip that seemed to be made here has samples of another kind.
        case deceived
    }

    /// A film of pictures that were copied from clips of other makers is decoded before it is reported. Where it does not decode, it
    /// is made again once, with all pictures encoded.
    ///
    /// - Parameters:
    ///   - output: path of the MP4 that is written.
    ///   - cancelled: asked for each frame.
    ///   - progress: 0 to 1.
    package static func stitch(
        _ recipe: FilmRecipe, output: String, cancelled: @escaping @Sendable () -> Bool = { false },
        progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> FilmReport {
        var recipe = recipe
        var fault: String?
        var reached = 0.0
        func advance(_ share: Double) {
            reached = max(reached, share)
            progress(reached)
        }
        while true {
            switch try join(recipe, output: output, cancelled: cancelled, progress: advance) {
            case .deceived: recipe.trustsOwnClips = false
            case .film(let report, true): return fault.map { report.warning($0) } ?? report
            case .film(let report, false):
                let found = try FilmVerification.fault(
                    output, frames: report.frames, cancelled: cancelled,
                    progress: { advance(Self.joining + (1 - Self.joining) * $0) })
                guard let found else { return report }
                fault = "the film of copied pictures does not decode (\(found)): all of its pictures were encoded again"
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
            throw MediaError(.invalidArgument, "a film has at least one part, each of at least one frame")
        }
        let ingredients = try FilmIngredients(recipe, cancelled: cancelled)
        let plan = ingredients.plan
        let frames = plan.starts[parts.count]
        let sound = try SoundAhead.code(cancelled: cancelled) { cancelled throws(MediaError) in
            try Soundtrack.make(recipe, starts: plan.starts, cancelled: cancelled)
        }
        defer { sound.stop() }
        var movie = try MovieFile(
            path: output, format: format, configuration: ingredients.configuration, reorders: ingredients.blender != nil
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
            progress(Double(written) / Double(frames) * (ingredients.copiesForeign ? joining : 1))
        }
        var stills = ingredients.blender.map { StandingPictures($0) }
        for run in plan.runs {
            switch run {
            case .copy(let part, let range), .hold(let part, let range):
                if stills != nil {
                    try stills!.write(range, of: parts[part].clip, into: &film, step)
                } else {
                    let check = ingredients.unseen[part].map { SampleCheck($0) }
                    guard try copy(parts[part], range, check, into: &film, step) else { return .deceived }
                }
            case .encode(let range):
                try encode(range, recipe, plan, into: &film, step)
            case .blend(let fade):
                let last = plan.starts[fade.part] - 1 - plan.starts[fade.part - 1]
                try stills?.write(
                    fade, from: parts[fade.part - 1].clip, at: last, to: parts[fade.part].clip, into: &film, step)
            }
        }
        let heard = try film.finish()
        let report = FilmReport(
            frames: frames, duration: format.rate.seconds(frames), copiedFrames: frames - plan.encodedFrames,
            encodedFrames: plan.encodedFrames, parts: ingredients.report, loudness: heard.loudness,
            warnings: ingredients.warnings + heard.warnings)
        return .film(report, isProven: !ingredients.copiesForeign)
    }

    /// - Parameter check: looks into samples that nothing has looked into.
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
                .corruptMedia, "\(fileName(part.clip)) ends at frame \(frame), its index promises more")
        }
        return true
    }

    private static func encode(
        _ range: Range<Int>, _ recipe: FilmRecipe, _ plan: FilmPlan, into film: inout FilmWriter,
        _ step: (inout FilmWriter) throws(MediaError) -> Void
    ) throws(MediaError) {
        var encoder = try VideoEncoder(
            format: recipe.format, quality: .constantRateFactor(18), parameterSet: .encodedAnew)
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
