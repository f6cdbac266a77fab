/// A silent clip of one picture.
package enum Clip {
    /// Makes the clip, by the quickest way that gives what the recipe asks for.
    ///
    /// - Parameters:
    ///   - output: path of the MP4 that is written.
    ///   - cancelled: asked for each frame, and before each step that takes time.
    /// - Throws: `MediaError`; the output is then not to be used.
    package static func make(
        _ recipe: ClipRecipe, output: String, cancelled: @escaping () -> Bool = { false },
        progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> ClipReport {
        guard recipe.frames > 0 else { throw MediaError(.invalidArgument, "a clip has at least one frame") }
        guard
            zip(recipe.overlays, recipe.overlays.dropFirst()).allSatisfy({
                $0.frames.upperBound <= $1.frames.lowerBound
            })
        else { throw MediaError(.invalidArgument, "two overlays at a time") }
        if recipe.motion == .still, recipe.coding == .repeated {
            return try StillClip.make(recipe, output: output, cancelled: cancelled, progress: progress)
        }
        return try EncodedClip.make(recipe, output: output, cancelled: cancelled, progress: progress)
    }
}

/// Measures the steps of making a clip.
struct StageClock {
    private var last = ContinuousClock.now

    /// Seconds since the last lap.
    mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { last = now }
        let parts = last.duration(to: now).components
        return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }
}
