import CFFmpeg

/// One clip on a film's time line.
package struct FilmPart: Sendable {
    /// Path of the clip.
    package var clip: String
    /// Frames that it takes on the time line, at least 1; a longer clip is cut, a shorter one holds its last frame.
    package var frames: Int
    /// Path of its narration; without one, the clip's own sound is used, else silence.
    package var audio: String?
    /// Seconds of the narration that are skipped.
    package var audioStart: Double
    /// The chapter's title.
    package var title: String

    package init(clip: String, frames: Int, audio: String?, audioStart: Double = 0, title: String) {
        self.audioStart = audioStart
        self.clip = clip
        self.frames = frames
        self.audio = audio
        self.title = title
    }
}

package struct FilmReport: Sendable, Equatable {
    package let frames: Int
    /// Seconds.
    package let duration: Double
    package let copiedFrames: Int
    package let encodedFrames: Int
    /// Narrations that could not be used, one sentence each.
    package let warnings: [String]
}

/// Joins clips and narrations to one film.
///
/// The video is copied as it is coded; only the frames of cross-fades, and clips that are unlike the film, are encoded anew.
/// The sound is one continuous encode over the whole time line.
package enum Film {
    /// Frames of video written before the sound catches up.
    private static let stride = 16

    /// - Parameters:
    ///   - parts: at least one.
    ///   - output: path of the MP4 that is written.
    ///   - fadeFrames: length of each cross-fade, centred on the boundary; 0 for cuts. The film's length does not change.
    ///   - cancelled: asked for each frame.
    ///   - progress: 0 to 1.
    package static func stitch(
        parts: [FilmPart], output: String, format: VideoFormat, fadeFrames: Int = 0, cancelled: () -> Bool = { false },
        progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> FilmReport {
        guard !parts.isEmpty, parts.allSatisfy({ $0.frames > 0 }) else {
            throw MediaError(.invalidArgument, "a film has at least one part, each of at least one frame")
        }
        var configuration = try VideoEncoder(
            format: format, quality: .constantRateFactor(18), parameterSet: .encodedAnew
        ).configuration
        let planned = try plan(parts, format: format, fadeFrames: fadeFrames, configuration: &configuration, cancelled)
        let frames = planned.starts[parts.count]
        let encoder = try AudioEncoder()
        var movie = try MovieFile(path: output, format: format, configuration: configuration)
        try movie.addAudio(encoder)
        for (index, part) in parts.enumerated() {
            try movie.addChapter(part.title, start: planned.starts[index], end: planned.starts[index + 1])
        }
        try movie.writeHeader()
        var film = FilmWriter(
            sound: FilmSound(parts: parts, starts: planned.starts, rate: format.rate), encoder: encoder, movie: movie,
            packet: try Packet())

        var written = 0
        func step(_ film: inout FilmWriter) throws(MediaError) {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            written += 1
            guard written % stride == 0 || written == frames else { return }
            try film.writeSound(upTo: format.rate.sample(ofFrame: written, sampleRate: AudioEncoder.sampleRate))
            progress(Double(written) / Double(frames))
        }
        for run in planned.runs {
            switch run {
            case .copy(let part, let range):
                try copy(parts[part], range, into: &film, step)
            case .encode(let range):
                try encode(range, parts, planned, format, into: &film, step)
            }
        }
        try film.finish()
        return FilmReport(
            frames: frames, duration: format.rate.seconds(frames), copiedFrames: frames - planned.encodedFrames,
            encodedFrames: planned.encodedFrames, warnings: film.sound.warnings)
    }

    private static func plan(
        _ parts: [FilmPart], format: VideoFormat, fadeFrames: Int, configuration: inout DecoderConfiguration,
        _ cancelled: () -> Bool
    ) throws(MediaError) -> FilmPlan {
        var plans: [FilmPlan.Part] = []
        // The clips' sets come first: players show the first set's profile and level.
        var merged = DecoderConfiguration()
        var tracks: [ClipTrack] = []
        for part in parts {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            tracks.append(try ClipTrack(path: part.clip, format: format))
        }
        // What most frames refer to is taken first, so that one odd clip is encoded anew and not all the others.
        var wanted: [(sets: DecoderConfiguration, frames: Int)] = []
        for (track, part) in zip(tracks, parts) {
            guard let sets = track.configuration else { continue }
            if let known = wanted.firstIndex(where: { $0.sets == sets }) {
                wanted[known].frames += part.frames
            } else {
                wanted.append((sets, part.frames))
            }
        }
        var accepted: [DecoderConfiguration] = []
        for (sets, _) in wanted.sorted(by: { $0.frames > $1.frames }) {
            var attempt = merged
            guard attempt.merge(sets), attempt.merge(configuration) else { continue }
            _ = merged.merge(sets)
            accepted.append(sets)
        }
        let copyable = tracks.map { track in track.configuration.map(accepted.contains) ?? false }
        for (index, part) in parts.enumerated() {
            plans.append(
                FilmPlan.Part(
                    frames: part.frames, available: tracks[index].frames, keys: tracks[index].keys,
                    isCopyable: copyable[index]))
        }
        let plan = FilmPlan(parts: plans, fadeFrames: fadeFrames)
        if plan.encodedFrames > 0 { _ = merged.merge(configuration) }
        configuration = merged
        return plan
    }

    private static func copy(
        _ part: FilmPart, _ range: Range<Int>, into film: inout FilmWriter,
        _ step: (inout FilmWriter) throws(MediaError) -> Void
    ) throws(MediaError) {
        let input = try InputFile(part.clip)
        let index = input.best(AVMEDIA_TYPE_VIDEO)
        let packet = try Packet()
        var frame = 0
        while frame < range.upperBound, try input.read(packet) {
            guard packet.pointer.pointee.stream_index == Int32(index ?? -1) else { continue }
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
    }

    private static func encode(
        _ range: Range<Int>, _ parts: [FilmPart], _ plan: FilmPlan, _ format: VideoFormat, into film: inout FilmWriter,
        _ step: (inout FilmWriter) throws(MediaError) -> Void
    ) throws(MediaError) {
        var encoder = try VideoEncoder(format: format, quality: .constantRateFactor(18), parameterSet: .encodedAnew)
        let packet = try Packet()
        var pictures = FilmPictures(parts: parts, plan: plan, format: format, first: range.lowerBound)
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
