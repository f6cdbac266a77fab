/// The clips of a film, looked into: which of them can be copied, and which must be encoded anew, and why.
struct FilmIngredients {
    let plan: FilmPlan
    /// All parameter sets that the film's pictures refer to.
    let configuration: DecoderConfiguration
    /// Makes a film of pictures that stand still and fade into each other.
    let blender: BlendPictures?
    let report: [FilmReport.Part]
    let warnings: [String]
    /// For each part whose samples were not looked into, the parameter sets of its header.
    let unseen: [DecoderConfiguration?]
    /// Whether pictures are copied that were not made here.
    let copiesForeign: Bool

    /// - Throws: what is wrong with a clip.
    init(_ recipe: FilmRecipe, cancelled: () -> Bool) throws(MediaError) {
        let (parts, format) = (recipe.parts, recipe.format)
        let own = try VideoEncoder(
            format: format, quality: .constantRateFactor(18), parameterSet: .encodedAnew
        ).configuration
        var tracks: [ClipTrack] = []
        for part in parts {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            let track = try ClipTrack(
                path: part.clip, format: format, trusting: own, trustsOwn: recipe.trustsOwnClips)
            tracks.append(recipe.reencodes ? track.notCopied("the film is encoded again as a whole") : track)
        }
        var sets = Self.merge(tracks, parts, with: own)
        var planned = zip(parts, tracks).map { part, track in
            FilmPlan.Part(
                frames: part.frames, available: track.frames, keys: track.keys,
                isCopyable: part.clipStart == 0 && track.configuration.map(sets.accepted.contains) ?? false)
        }
        var plan = FilmPlan(parts: planned, fades: recipe.fades)
        let blender = plan.fades.isEmpty ? nil : try Self.blender(tracks, format)
        if blender != nil {
            for (index, track) in tracks.enumerated() {
                if cancelled() { throw MediaError(.cancelled, "cancelled") }
                guard let configuration = track.configuration else { continue }
                planned[index].stills = try StillStretches.find(in: parts[index].clip, configuration)
            }
            let made = FilmPlan(parts: planned, fades: recipe.fades)
            if !made.encodes, planned.allSatisfy({ !$0.stills.isEmpty }) { plan = made }
        }
        self.blender = plan.blends ? blender : nil
        if plan.encodes { _ = sets.merged.merge(own) }
        configuration = self.blender?.configuration ?? sets.merged
        self.plan = plan
        var report: [FilmReport.Part] = []
        var warnings: [String] = []
        for (index, track) in tracks.enumerated() {
            let encoded = plan.encodedFrames(in: plan.starts[index]..<plan.starts[index + 1])
            let reason = track.difference ?? "its parameter sets collide with those of the other clips"
            report.append(
                FilmReport.Part(
                    copiedFrames: parts[index].frames - encoded, encodedFrames: encoded,
                    reason: planned[index].isCopyable ? nil : reason))
            if track.dynamicRange != .standard {
                warnings.append(
                    "\(parts[index].title): the clip is HDR (\(track.dynamicRange.rawValue)), its light was mapped to the "
                        + "standard range")
            }
        }
        unseen = tracks.map { $0.isTrusted ? $0.configuration : nil }
        copiesForeign = zip(tracks, report).contains { !$0.isTrusted && $1.copiedFrames > 0 }
        self.report = report
        self.warnings = warnings
    }

    /// The clips' sets come first: players show the first set's profile and level. What most frames refer to is taken first, so
    /// that one odd clip is encoded anew and not all the others.
    private static func merge(
        _ tracks: [ClipTrack], _ parts: [FilmPart], with own: DecoderConfiguration
    ) -> (merged: DecoderConfiguration, accepted: [DecoderConfiguration]) {
        var wanted: [(sets: DecoderConfiguration, frames: Int)] = []
        for (track, part) in zip(tracks, parts) {
            guard let sets = track.configuration else { continue }
            if let known = wanted.firstIndex(where: { $0.sets == sets }) {
                wanted[known].frames += part.frames
            } else {
                wanted.append((sets, part.frames))
            }
        }
        var merged = DecoderConfiguration()
        var accepted: [DecoderConfiguration] = []
        for (sets, _) in wanted.sorted(by: { $0.frames > $1.frames }) {
            var attempt = merged
            guard attempt.merge(sets), attempt.merge(own) else { continue }
            _ = merged.merge(sets)
            accepted.append(sets)
        }
        return (merged, accepted)
    }

    /// What makes fades out of stills, where all clips are stills of one kind.
    private static func blender(_ tracks: [ClipTrack], _ format: VideoFormat) throws(MediaError) -> BlendPictures? {
        guard let first = tracks.first?.configuration, StillStretches.areOurs(first),
            tracks.allSatisfy({ $0.configuration == first })
        else { return nil }
        return try BlendPictures(first, format)
    }
}
