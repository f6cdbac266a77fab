/// Which frames of a film are copied as they are coded, and which are encoded anew. Pure: clips' key frames in, runs out.
struct FilmPlan: Equatable {
    /// What the plan must know of one part.
    struct Part: Equatable {
        /// Frames that the part takes on the time line.
        var frames: Int
        /// Frames that the clip has.
        var available: Int
        /// Frames of the clip at which decoding can begin.
        var keys: [Int]
        /// Whether the clip's coded pictures can stand in the film's track.
        var isCopyable: Bool
    }

    /// A cross-fade over the boundary before a part.
    struct Fade: Equatable {
        /// The part that fades in.
        var part: Int
        /// Frames from the film's start.
        var range: Range<Int>
    }

    enum Run: Equatable {
        /// Coded pictures of one clip, from a key frame on.
        case copy(part: Int, frames: Range<Int>)
        /// Frames of the film, whatever parts they belong to.
        case encode(Range<Int>)
    }

    /// The film's frame at which each part begins, and the film's length at the end.
    let starts: [Int]
    let fades: [Fade]
    let runs: [Run]

    /// - Parameter fadeFrames: length of each cross-fade; 0 for cuts. A fade is shortened where a neighbour is too short for it.
    init(parts: [Part], fadeFrames: Int) {
        var starts = [0]
        for part in parts { starts.append(starts[starts.count - 1] + part.frames) }
        self.starts = starts

        var fades: [Fade] = []
        for part in parts.indices.dropFirst() where fadeFrames >= 2 {
            let length = min(fadeFrames, parts[part - 1].frames / 2 * 2, parts[part].frames / 2 * 2)
            guard length >= 2 else { continue }
            let start = starts[part] - length / 2
            fades.append(Fade(part: part, range: start..<start + length))
        }
        self.fades = fades

        var encoded: [Range<Int>] = []
        for (index, part) in parts.enumerated() {
            if !part.isCopyable {
                encoded.append(starts[index]..<starts[index + 1])
            } else if part.available < part.frames {
                encoded.append(starts[index] + part.available..<starts[index + 1])
            }
        }
        for fade in fades {
            let part = parts[fade.part]
            // Copying can go on only at a key frame.
            let after = fade.range.upperBound - starts[fade.part]
            let key = part.keys.first { $0 >= after } ?? part.frames
            encoded.append(fade.range.lowerBound..<starts[fade.part] + min(key, part.frames))
        }
        runs = Self.runs(encoded: Self.merge(encoded), starts: starts)
    }

    /// Frames that are encoded anew.
    var encodedFrames: Int {
        runs.reduce(0) { count, run in
            if case .encode(let range) = run { count + range.count } else { count }
        }
    }

    private static func merge(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var merged: [Range<Int>] = []
        for range in ranges.filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    private static func runs(encoded: [Range<Int>], starts: [Int]) -> [Run] {
        var runs: [Run] = []
        var position = 0
        var part = 0
        func copy(upTo end: Int) {
            while position < end {
                while starts[part + 1] <= position { part += 1 }
                let stop = min(end, starts[part + 1])
                runs.append(.copy(part: part, frames: position - starts[part]..<stop - starts[part]))
                position = stop
            }
        }
        for range in encoded {
            copy(upTo: range.lowerBound)
            runs.append(.encode(range))
            position = range.upperBound
        }
        copy(upTo: starts[starts.count - 1])
        return runs
    }
}
