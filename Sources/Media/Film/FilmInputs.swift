// SPDX-License-Identifier: Apache-2.0

/// The inspected clips of a film: which of them can be copied, which must be re-encoded, and why.
struct FilmInputs {
    let plan: FilmPlan
    /// All parameter sets that the film's pictures refer to.
    let configuration: DecoderConfiguration
    /// Makes cross-fades of coded pictures; `nil` if the film has no such fades.
    let fadeEncoder: CrossFadeEncoder?
    let report: [FilmReport.Part]
    let warnings: [String]
    /// For each part whose samples were not inspected, the parameter sets of its header.
    let uninspected: [DecoderConfiguration?]
    /// Whether pictures are copied that were not made by this module.
    let copiesForeign: Bool

    /// - Throws: `MediaError` if a clip cannot be used.
    init(_ recipe: FilmRecipe, cancelled: () -> Bool) throws(MediaError) {
        let (parts, format) = (recipe.parts, recipe.format)
        let own = try VideoEncoder(
            format: format, quality: .constantRateFactor(18), parameterSet: .reencoded
        ).configuration
        var tracks: [ClipTrack] = []
        for part in parts {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            let track = try ClipTrack(
                path: part.clip, format: format, trusting: own, trustsOwn: recipe.trustsOwnClips)
            tracks.append(recipe.reencodes ? track.requiringReencoding("the film is encoded again as a whole") : track)
        }
        var sets = Self.merge(tracks, parts, with: own)
        var planned = zip(parts, tracks).map { part, track in
            FilmPlan.Part(
                frames: part.frames, available: track.frames, keys: track.keys,
                isCopyable: part.clipStart == 0 && track.configuration.map(sets.accepted.contains) ?? false)
        }
        var plan = FilmPlan(parts: planned, fades: recipe.fades)
        let fadeEncoder = plan.fades.isEmpty ? nil : try Self.fadeEncoder(tracks, format)
        if fadeEncoder != nil {
            for (index, track) in tracks.enumerated() {
                if cancelled() { throw MediaError(.cancelled, "cancelled") }
                guard let configuration = track.configuration else { continue }
                planned[index].stills = try StillRanges.find(in: parts[index].clip, configuration)
            }
            let made = FilmPlan(parts: planned, fades: recipe.fades)
            if !made.encodes, planned.allSatisfy({ !$0.stills.isEmpty }) { plan = made }
        }
        self.fadeEncoder = plan.blends ? fadeEncoder : nil
        if plan.encodes { _ = sets.merged.merge(own) }
        configuration = self.fadeEncoder?.configuration ?? sets.merged
        self.plan = plan
        var report: [FilmReport.Part] = []
        var warnings: [String] = []
        for (index, track) in tracks.enumerated() {
            let encoded = plan.encodedFrames(in: plan.starts[index]..<plan.starts[index + 1])
            let reason = track.mismatch ?? "its parameter sets conflict with those of other clips"
            report.append(
                FilmReport.Part(
                    copiedFrames: parts[index].frames - encoded, encodedFrames: encoded,
                    reason: planned[index].isCopyable ? nil : reason))
            if track.dynamicRange != .standard {
                warnings.append(
                    "\(parts[index].name): the clip is HDR (\(track.dynamicRange.rawValue)) and was tone-mapped to the "
                        + "standard range")
            }
        }
        uninspected = tracks.map { $0.isTrusted ? $0.configuration : nil }
        copiesForeign = zip(tracks, report).contains { !$0.isTrusted && $1.copiedFrames > 0 }
        self.report = report
        self.warnings = warnings
    }

    /// The clips' sets come first, since players show the profile and level of the first set. Sets that most frames
    /// refer to take precedence, so that one deviating clip is re-encoded and not all others.
    private static func merge(
        _ tracks: [ClipTrack], _ parts: [FilmPart], with own: DecoderConfiguration
    ) -> (merged: DecoderConfiguration, accepted: [DecoderConfiguration]) {
        var usage: [(sets: DecoderConfiguration, frames: Int)] = []
        for (track, part) in zip(tracks, parts) {
            guard let sets = track.configuration else { continue }
            if let known = usage.firstIndex(where: { $0.sets == sets }) {
                usage[known].frames += part.frames
            } else {
                usage.append((sets, part.frames))
            }
        }
        var merged = DecoderConfiguration()
        var accepted: [DecoderConfiguration] = []
        for (sets, _) in usage.sorted(by: { $0.frames > $1.frames }) {
            var attempt = merged
            guard attempt.merge(sets), attempt.merge(own) else { continue }
            _ = merged.merge(sets)
            accepted.append(sets)
        }
        return (merged, accepted)
    }

    /// Makes cross-fades of stills, if all clips are stills with the same parameter sets.
    private static func fadeEncoder(_ tracks: [ClipTrack], _ format: VideoFormat) throws(MediaError)
        -> CrossFadeEncoder?
    {
        guard let first = tracks.first?.configuration, StillRanges.isOwnEncoding(first),
            tracks.allSatisfy({ $0.configuration == first })
        else { return nil }
        return try CrossFadeEncoder(first, format)
    }
}
