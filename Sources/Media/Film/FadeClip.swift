// SPDX-License-Identifier: Apache-2.0

import Timebase

/// Renders a cross-fade of a film as a clip with pictures and sound, for backends that can only join clips.
package enum FadeClip {
    /// The cross-fades of a film.
    ///
    /// - Parameters:
    ///   - frames: Number of frames of each part.
    ///   - crossing: Frames of a fade, shortened where a neighbouring part is too short.
    /// - Returns: For each fade, the part that fades in and the frames of the film over which it does.
    package static func fades(frames: [Int], crossing: Int) -> [(part: Int, range: Range<Int>)] {
        plan(frames, crossing).fades.map { ($0.part, $0.range) }
    }

    /// Writes the frames of one fade, exactly as the joined film would contain them.
    ///
    /// - Parameters:
    ///   - leaving: The whole part that ends.
    ///   - entering: The whole part that starts.
    ///   - crossing: Frames of the film's fades.
    ///   - format: Format of the film.
    ///   - fit: How pictures of another aspect ratio are fitted.
    ///   - output: Path of the MP4 to write.
    ///   - cancelled: Polled for each frame.
    /// - Returns: Problems that did not prevent the clip, one sentence each.
    /// - Throws: `invalidArgument` if the parts are too short for a fade.
    package static func make(
        from leaving: FilmPart, to entering: FilmPart, crossing: Int, format: VideoFormat, fit: PictureFit,
        output: String, cancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(MediaError) -> [String] {
        let plan = plan([leaving.frames, entering.frames], crossing)
        guard let fade = plan.fades.first else {
            throw MediaError(.invalidArgument, "\(leaving.name) and \(entering.name) are too short for a fade")
        }
        let boundary = plan.starts[1]
        var before = leaving
        before.audioStart += format.rate.seconds(fade.range.lowerBound) * before.tempo
        let sounds = [before, entering]
        let starts = [0, boundary - fade.range.lowerBound, fade.range.count]
        let sound = try SoundProducer.encode(cancelled: cancelled) { _ throws(MediaError) in
            try Soundtrack(FilmSound(parts: sounds, starts: starts, rate: format.rate))
        }
        defer { sound.stop() }
        var recipe = FilmRecipe(parts: [leaving, entering], format: format)
        recipe.fit = fit
        var encoder = try VideoEncoder(format: format, quality: .constantRateFactor(18), parameterSet: .reencoded)
        var movie = try MovieFile(path: output, format: format, configuration: try encoder.configuration)
        try movie.addAudio(try AudioEncoder())
        try movie.writeHeader()
        var film = FilmWriter(sound: sound, movie: movie)
        var pictures = FilmPictures(recipe, plan: plan, first: fade.range.lowerBound)
        let packet = try Packet()
        var written = 0
        func drain(_ film: inout FilmWriter) throws(MediaError) {
            while let coded = try encoder.receive(into: packet) {
                try film.movie.write(coded)
                written += 1
                try film.writeSound(upTo: format.rate.sample(ofFrame: written, sampleRate: AudioEncoder.sampleRate))
            }
        }
        for frame in fade.range {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            try encoder.encode(try pictures.picture(at: frame), asKey: frame == fade.range.lowerBound)
            try drain(&film)
        }
        encoder.finish()
        try drain(&film)
        return try film.finish().warnings
    }

    private static func plan(_ frames: [Int], _ crossing: Int) -> FilmPlan {
        FilmPlan(
            parts: frames.map { FilmPlan.Part(frames: $0, available: $0, keys: [], isCopyable: false) },
            fades: FilmPlan.Fades(crossing: crossing))
    }
}
