// SPDX-License-Identifier: Apache-2.0

/// Which frames of a film are copied, which are made of coded pictures, and which are re-encoded. A pure function of
/// the clips' key frames.
struct FilmPlan: Equatable {
    /// Properties of a part that the plan depends on.
    struct Part: Equatable {
        /// Frames of the part on the time line.
        var frames: Int
        /// Frames of the clip.
        var available: Int
        /// Frames of the clip at which decoding can start.
        var keys: [Int]
        /// Whether the clip's coded pictures can be copied to the film's track.
        var isCopyable: Bool
        /// Frames of the clip over which its picture does not change, as far as its coded pictures show.
        var stills: [Range<Int>] = []
    }

    /// Lengths of fades in frames; 0 for none.
    struct Fades: Equatable, Sendable {
        /// Across each boundary, centred on it.
        var crossing = 0
        /// From black at the start of the film.
        var opening = 0
        /// To black at the end of the film.
        var closing = 0
    }

    /// A cross-fade over the boundary before a part.
    struct Fade: Equatable {
        /// The part that fades in.
        var part: Int
        /// Frames of the film.
        var range: Range<Int>
    }

    enum Run: Equatable {
        /// Coded pictures of one clip, from a key frame on.
        case copy(part: Int, frames: Range<Int>)
        /// Frames of the film to encode, regardless of the parts that they belong to.
        case encode(Range<Int>)
        /// A fade between two still pictures, with a frame before and a frame after it.
        case blend(Fade)
        /// Frames of one clip over which its picture does not change, from any frame on.
        case hold(part: Int, frames: Range<Int>)
    }

    /// The first frame of each part, then the length of the film.
    let starts: [Int]
    let fades: [Fade]
    /// Frames of the fade from black, and of the fade to black.
    let opening: Range<Int>
    let closing: Range<Int>
    let runs: [Run]

    /// Fades are shortened where a neighbouring part, or the film, is too short.
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

        var fixed: [Range<Int>] = [opening, closing]
        for (index, part) in parts.enumerated() {
            if !part.isCopyable {
                fixed.append(starts[index]..<starts[index + 1])
            } else if part.available < part.frames {
                fixed.append(starts[index] + part.available..<starts[index + 1])
            }
        }
        func extended(_ ranges: [Range<Int>]) -> [Range<Int>] {
            ranges.filter { !$0.isEmpty }.map { range in
                range.lowerBound..<Self.resume(from: range.upperBound, parts: parts, starts: starts)
            }
        }
        fixed = extended(fixed)
        let blends = Self.blends(fades, clearOf: fixed, parts: parts, starts: starts)
        let encoded = fixed + extended(fades.filter { !blends.contains($0) }.map(\.range))
        runs = Self.runs(encoded: Self.merge(encoded), blends: blends, parts: parts, starts: starts)
    }

    /// Whether pictures are encoded.
    var encodes: Bool { runs.contains { if case .encode = $0 { true } else { false } } }

    /// Whether any fades are made of coded pictures.
    var blends: Bool { runs.contains { if case .blend = $0 { true } else { false } } }

    /// Frames that are not copied: those of fades, and those of clips that do not match the film.
    var encodedFrames: Int { encodedFrames(in: 0..<starts[starts.count - 1]) }

    /// Frames of a range that are not copied.
    func encodedFrames(in stretch: Range<Int>) -> Int {
        runs.reduce(0) { count, run in
            switch run {
            case .encode(let range): count + range.clamped(to: stretch).count
            case .blend(let fade): count + fade.range.clamped(to: stretch).count
            case .copy, .hold: count
            }
        }
    }

    /// Weight of the entering part at a frame of a fade, 0 to 1.
    static func weight(at frame: Int, of fade: Fade) -> Double {
        (Double(frame - fade.range.lowerBound) + 0.5) / Double(fade.range.count)
    }

    /// Brightness of the picture at a frame, from 0 for black to 1.
    func brightness(at frame: Int) -> Double {
        if opening.contains(frame) { return (Double(frame) + 0.5) / Double(opening.count) }
        if closing.contains(frame) { return (Double(closing.upperBound - frame) - 0.5) / Double(closing.count) }
        return 1
    }

    /// The first frame at or after `frame` at which copying can continue, which requires a key frame.
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

    /// Fades between still pictures, with a frame to spare before and after.
    private static func blends(
        _ fades: [Fade], clearOf fixed: [Range<Int>], parts: [Part], starts: [Int]
    ) -> [Fade] {
        var blends: [Fade] = []
        // Frames before this one are encoded, or belong to another blend.
        var taken = 0
        for (index, fade) in fades.enumerated() {
            let (leaving, boundary, group) = (fade.part - 1, starts[fade.part], fade.group)
            let out = group.lowerBound - starts[leaving]..<boundary - starts[leaving]
            let into = 0..<group.upperBound - boundary
            let isStill =
                parts[leaving].isCopyable && parts[fade.part].isCopyable && out.lowerBound >= 0
                && parts[leaving].stills.contains { $0.lowerBound <= out.lowerBound && $0.upperBound >= out.upperBound }
                && parts[fade.part].stills.contains { $0.lowerBound == 0 && $0.upperBound >= into.upperBound }
            let isClear =
                group.lowerBound >= taken && !fixed.contains { $0.overlaps(group) }
                && (index + 1 == fades.count || fades[index + 1].group.lowerBound >= group.upperBound)
            if isStill, isClear, into.upperBound <= parts[fade.part].frames {
                blends.append(fade)
                taken = group.upperBound
            } else {
                taken = max(taken, resume(from: fade.range.upperBound, parts: parts, starts: starts))
            }
        }
        return blends
    }

    private static func runs(
        encoded: [Range<Int>], blends: [Fade], parts: [Part], starts: [Int]
    ) -> [Run] {
        let end = starts[starts.count - 1]
        let made = (encoded.map { ($0, Run.encode($0)) } + blends.map { ($0.group, Run.blend($0)) })
            .sorted { $0.0.lowerBound < $1.0.lowerBound }
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
        for (index, (range, run)) in made.enumerated() {
            copy(upTo: range.lowerBound)
            runs.append(run)
            position = range.upperBound
            guard case .blend(let fade) = run else { continue }
            // The picture is held until copying can continue.
            let next = index + 1 < made.count ? made[index + 1].0.lowerBound : end
            let stop = min(resume(from: position, parts: parts, starts: starts), next)
            if position < stop {
                let start = starts[fade.part]
                runs.append(.hold(part: fade.part, frames: position - start..<stop - start))
                position = stop
            }
        }
        copy(upTo: end)
        return runs
    }
}

extension FilmPlan.Fade {
    /// The fade with the frame before and the frame after it.
    var group: Range<Int> { range.lowerBound - 1..<range.upperBound + 1 }
}
