// SPDX-License-Identifier: Apache-2.0

/// The pictures of a clip, one for each frame.
struct ClipPictures: ~Copyable {
    private let recipe: ClipRecipe
    private let still: Frame?
    private let moving: MovingPicture?
    private let path: MotionPath?
    /// Problems of the source picture, one sentence each.
    let warnings: [String]

    init(_ recipe: ClipRecipe) throws(MediaError) {
        self.recipe = recipe
        let format = recipe.format
        let path: MotionPath?
        var warnings: [String] = []
        switch recipe.motion {
        case .still:
            let picture = try Picture.load(recipe.image, format: format, warn: { warnings.append($0) })
            self.warnings = warnings
            still = consume picture
            moving = nil
            self.path = nil
            return
        case .path(let requested):
            if let requirement = requested.from.unmetRequirement ?? requested.to.unmetRequirement {
                throw MediaError(.invalidArgument, "a motion needs \(requirement)")
            }
            path = requested
        case .automatic:
            path = nil
        }
        // As many pixels as the closest view shows, so that the view is not enlarged where the source has the detail.
        let closest = max(path?.closest ?? 1 / (1 + DefaultMotion.zoomRange.upperBound), 0.5)
        let picture = try Picture.load(
            recipe.image, format: format,
            size: (
                Int((Double(format.width) / closest / 2).rounded()) * 2,
                Int((Double(format.height) / closest / 2).rounded()) * 2
            ), warn: { warnings.append($0) })
        let resampled = try MovingPicture(picture, format: format)
        self.warnings = warnings
        moving = consume resampled
        still = nil
        if let path {
            self.path = path
        } else if case .automatic(let id, let position) = recipe.motion {
            self.path = DefaultMotion.path(
                segmentID: id, position: position, focalPoint: FocalPoint.point(of: picture))
        } else {
            self.path = nil
        }
    }

    func picture(at frame: Int) throws(MediaError) -> Frame {
        let overlay = recipe.overlay(at: frame)
        if let path {
            let last = max(recipe.frames - 1, 1)
            let picture = try moving!.render(path.rectangle(at: Double(frame) / Double(last)))
            if let overlay { recipe.overlays[overlay].draw(on: picture) }
            return picture
        }
        guard let overlay else { return try still!.reference() }
        let picture = try still!.copy()
        recipe.overlays[overlay].draw(on: picture)
        return picture
    }
}
