// SPDX-License-Identifier: Apache-2.0

import Media

/// One input of a MediaConvert job: a range of frames of the film.
struct MediaConvertInput: Sendable, Equatable {
    /// Where the frames come from.
    enum Source: Sendable, Equatable {
        /// The clip of a part, used directly from its bucket.
        case clip(part: Int)
        /// A part that is rendered on this machine: exactly its frames, with its sound.
        case part(Int)
        /// The cross-fade into a part, rendered on this machine.
        case fade(into: Int)
    }

    /// Where the frames come from.
    var source: Source
    /// The frames of the source that are used.
    var frames: Range<Int>
    /// Whether `frames` are all frames of the source.
    var isWhole: Bool

    /// Plans the inputs of a film, in order. Their lengths add up to the film's.
    ///
    /// - Parameters:
    ///   - frames: the number of frames of each part.
    ///   - available: the number of frames of each part's clip; `nil` if the clip cannot be used directly from its bucket.
    ///   - fadeFrames: the number of frames of each cross-fade; 0 for cuts.
    static func inputs(frames: [Int], available: [Int?], fadeFrames: Int) -> [MediaConvertInput] {
        let fades = FadeClip.fades(frames: frames, crossing: fadeFrames)
        var inputs: [MediaConvertInput] = []
        var start = 0
        for (part, count) in frames.enumerated() {
            let fadeIn = fades.first { $0.part == part }
            let fadeOut = fades.first { $0.part == part + 1 }
            if let fadeIn {
                inputs.append(
                    MediaConvertInput(source: .fade(into: part), frames: 0..<fadeIn.range.count, isWhole: true))
            }
            // What the cross-fades leave of the part.
            let own = (fadeIn?.range.upperBound ?? start) - start..<(fadeOut?.range.lowerBound ?? start + count) - start
            start += count
            if own.isEmpty { continue }
            if let clip = available[part], own.upperBound <= clip {
                inputs.append(MediaConvertInput(source: .clip(part: part), frames: own, isWhole: own == 0..<clip))
            } else {
                inputs.append(MediaConvertInput(source: .part(part), frames: own, isWhole: own == 0..<count))
            }
        }
        return inputs
    }
}
