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

    /// Frames over which pictures change into each other; 0 for none.
    struct Fades: Equatable, Sendable {
        /// Across each boundary, centred on it.
        var crossing = 0
        /// From black at the film's start.
        var opening = 0
        /// To black at the film's end.
        var closing = 0
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
    /// Frames of the fade from black, and of the fade to black.
    let opening: Range<Int>
    let closing: Range<Int>
    let runs: [Run]

    /// A fade is shortened where a neighbour, or the film, is too short for it.
    init(parts: [Part], fades lengths: Fades) {
        var starts = [0]
        for part in parts { starts.append(starts[starts.count - 1] + part.frames) }
        let end = starts[parts.count]
        self.starts = starts
        opening = 0..<min(max(lengths.opening, 0), end / 2)
        closing = end - min(max(lengths.closing, 0), end / 2)..<end

        var fades: [Fade] = []
        for part in parts.indices.dropFirst() where lengths.crossing >= 2 {
            let length = min(lengths.crossing, parts[part - 1].frames / 2 * 2, parts[part].frames / 2 * 2)
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
        for range in fades.map(\.range) + [opening, closing] where !range.isEmpty {
            encoded.append(range.lowerBound..<Self.resume(from: range.upperBound, parts: parts, starts: starts))
        }
        runs = Self.runs(encoded: Self.merge(encoded), starts: starts)
    }

    /// Frames that are encoded anew.
    var encodedFrames: Int { encodedFrames(in: 0..<starts[starts.count - 1]) }

    /// Frames of a stretch that are encoded anew.
    func encodedFrames(in stretch: Range<Int>) -> Int {
        runs.reduce(0) { count, run in
            if case .encode(let range) = run { count + range.clamped(to: stretch).count } else { count }
        }
    }

    /// How much of the picture is seen at a frame, 0 for black to 1.
    func light(at frame: Int) -> Double {
        if opening.contains(frame) { return (Double(frame) + 0.5) / Double(opening.count) }
        if closing.contains(frame) { return (Double(closing.upperBound - frame) - 0.5) / Double(closing.count) }
        return 1
    }

    /// The first frame, from one on, at which copying can go on: it can only at a key frame.
    private static func resume(from frame: Int, parts: [Part], starts: [Int]) -> Int {
        guard let part = parts.indices.last(where: { starts[$0] <= frame }) else { return frame }
        let local = frame - starts[part]
        let key = parts[part].keys.first { $0 >= local } ?? parts[part].frames
        return starts[part] + min(key, parts[part].frames)
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
