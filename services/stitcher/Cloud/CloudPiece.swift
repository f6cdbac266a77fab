import Media

/// A stretch of a film that is one input of a MediaConvert job.
struct CloudPiece: Sendable, Equatable {
    enum Source: Sendable, Equatable {
        /// A part's clip as it lies in the bucket.
        case clip(part: Int)
        /// A part, made here: exactly its frames, with its sound.
        case part(Int)
        /// The fade into a part, made here.
        case fade(into: Int)
    }

    var source: Source
    /// Frames of the source.
    var frames: Range<Int>
    /// Whether these are all the frames of the source.
    var isWhole: Bool

    /// The pieces of a film in order; their lengths add up to the film's.
    ///
    /// - Parameters:
    ///   - frames: of each part.
    ///   - available: frames of each part's clip, where the clip can be joined as it lies in the bucket; else `nil`.
    ///   - crossing: frames of each cross-fade; 0 for cuts.
    static func pieces(frames: [Int], available: [Int?], crossing: Int) -> [CloudPiece] {
        let fades = FadeClip.fades(frames: frames, crossing: crossing)
        var pieces: [CloudPiece] = []
        var start = 0
        for (part, count) in frames.enumerated() {
            let into = fades.first { $0.part == part }
            let out = fades.first { $0.part == part + 1 }
            if let into {
                pieces.append(
                    CloudPiece(source: .fade(into: part), frames: 0..<into.range.count, isWhole: true))
            }
            let own = (into?.range.upperBound ?? start) - start..<(out?.range.lowerBound ?? start + count) - start
            start += count
            if own.isEmpty { continue }
            if let clip = available[part], own.upperBound <= clip {
                pieces.append(CloudPiece(source: .clip(part: part), frames: own, isWhole: own == 0..<clip))
            } else {
                pieces.append(CloudPiece(source: .part(part), frames: own, isWhole: own == 0..<count))
            }
        }
        return pieces
    }
}
