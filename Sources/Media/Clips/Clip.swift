// SPDX-License-Identifier: Apache-2.0

/// Makes silent clips from a single picture.
///
/// ```swift
/// let format = try VideoFormat(width: 1920, height: 1080, rate: FrameRate(30))
/// var recipe = ClipRecipe(image: "/tmp/seg_001.png", frames: 240, format: format)
/// recipe.motion = .automatic(segmentID: "seg_001", position: 1)
/// let report = try Clip.make(recipe, output: "/tmp/seg_001.mp4")
/// ```
package enum Clip {
    /// Makes a clip by the fastest method that satisfies the recipe.
    ///
    /// - Parameters:
    ///   - recipe: The clip to make.
    ///   - output: Path of the MP4 to write.
    ///   - cancelled: Polled for each frame and before each long step.
    ///   - progress: Called with the completed fraction, 0 to 1.
    /// - Throws: `MediaError`. The output is then incomplete.
    package static func make(
        _ recipe: ClipRecipe, output: String, cancelled: @escaping () -> Bool = { false },
        progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> ClipReport {
        guard recipe.frames > 0 else { throw MediaError(.invalidArgument, "a clip needs at least one frame") }
        guard
            zip(recipe.overlays, recipe.overlays.dropFirst()).allSatisfy({
                $0.frames.upperBound <= $1.frames.lowerBound
            })
        else { throw MediaError(.invalidArgument, "overlays overlap or are out of order") }
        if recipe.motion == .still, recipe.coding == .repeated {
            return try StillClip.make(recipe, output: output, cancelled: cancelled, progress: progress)
        }
        return try EncodedClip.make(recipe, output: output, cancelled: cancelled, progress: progress)
    }
}
