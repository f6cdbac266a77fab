import Timebase

/// One cross-fade of a film as a clip of its own, pictures and sound, for those who can only join clips.
package enum FadeClip {
    /// The fades of a film.
    ///
    /// - Parameters:
    ///   - frames: of each part.
    ///   - crossing: frames of a fade; it is shortened where a neighbour is too short for it.
    /// - Returns: the part that fades in, and the frames of the film over which it does.
    package static func fades(frames: [Int], crossing: Int) -> [(part: Int, range: Range<Int>)] {
        plan(frames, crossing).fades.map { ($0.part, $0.range) }
    }

    /// Writes the frames over which one part of a film fades into the next: exactly those that the film would hold.
    ///
    /// - Parameters:
    ///   - leaving: all of the part that ends.
    ///   - entering: all of the part that begins.
    ///   - crossing: frames of the film's fades.
    ///   - output: path of the MP4 that is written.
    ///   - cancelled: asked for each frame.
    /// - Returns: sentences on what could not be used.
    package static func make(
        from leaving: FilmPart, to entering: FilmPart, crossing: Int, format: VideoFormat, fit: PictureFit,
        output: String, cancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(MediaError) -> [String] {
        let plan = plan([leaving.frames, entering.frames], crossing)
        guard let fade = plan.fades.first else {
            throw MediaError(.invalidArgument, "\(leaving.title) and \(entering.title) are too short for a fade")
        }
        let boundary = plan.starts[1]
        var before = leaving
        before.audioStart += format.rate.seconds(fade.range.lowerBound) * before.tempo
        let sounds = [before, entering]
        let starts = [0, boundary - fade.range.lowerBound, fade.range.count]
        let sound = try SoundAhead.code(cancelled: cancelled) { _ throws(MediaError) in
            try Soundtrack(FilmSound(parts: sounds, starts: starts, rate: format.rate))
        }
        defer { sound.stop() }
        var recipe = FilmRecipe(parts: [leaving, entering], format: format)
        recipe.fit = fit
        var encoder = try VideoEncoder(format: format, quality: .constantRateFactor(18), parameterSet: .encodedAnew)
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
