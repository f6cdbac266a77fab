// SPDX-License-Identifier: Apache-2.0

import Timebase

/// The pictures of a film in order, with fades.
///
/// Within a fade, the leaving clip continues to its last frame and holds it, and the entering clip holds its first
/// frame until it starts: fades do not shorten the time line.
struct FilmPictures: ~Copyable {
    private let parts: [FilmPart]
    private let plan: FilmPlan
    private let format: VideoFormat
    private let fit: PictureFit
    private var part: Int
    private var current: VideoReader?
    private var following: VideoReader?

    /// - Parameter first: The first frame that will be requested. The others follow one by one.
    init(_ recipe: FilmRecipe, plan: FilmPlan, first: Int) {
        parts = recipe.parts
        self.plan = plan
        format = recipe.format
        fit = recipe.fit
        part = plan.starts.lastIndex { $0 <= first } ?? 0
        current = nil
        following = nil
    }

    mutating func picture(at frame: Int) throws(MediaError) -> Frame {
        let picture = try unfadedPicture(at: frame)
        let brightness = plan.brightness(at: frame)
        guard brightness < 1 else { return picture }
        let black = try Frame(width: format.width, height: format.height)
        black.fillBlack()
        return try Frame.blend(black, picture, weight: brightness)
    }

    /// The picture without the fades from and to black.
    private mutating func unfadedPicture(at frame: Int) throws(MediaError) -> Frame {
        if let fade = plan.fades.first(where: { $0.range.contains(frame) }) {
            // The leaving clip remains the current one until the fade is over.
            let boundary = plan.starts[fade.part]
            let leaving = try currentPicture(at: min(frame, boundary - 1), of: fade.part - 1)
            if following == nil {
                following = try VideoReader.open(parts[fade.part].clip, from: 0, format: format, fit: fit)
            }
            let entering = try following!.picture(at: format.rate.seconds(max(frame - boundary, 0)))
            let blended = try Frame.blend(leaving, entering, weight: FilmPlan.weight(at: frame, of: fade))
            if frame == fade.range.upperBound - 1 {
                current = following.take()
                part = fade.part
            }
            return blended
        }
        var owner = part
        while plan.starts[owner + 1] <= frame { owner += 1 }
        return try currentPicture(at: frame, of: owner)
    }

    private mutating func currentPicture(at frame: Int, of owner: Int) throws(MediaError) -> Frame {
        let local = min(frame - plan.starts[owner], parts[owner].frames - 1)
        if owner != part || current == nil {
            current = try VideoReader.open(
                parts[owner].clip, from: parts[owner].clipStart + format.rate.seconds(local), format: format, fit: fit)
            part = owner
        }
        return try current!.picture(at: parts[owner].clipStart + format.rate.seconds(local))
    }
}
