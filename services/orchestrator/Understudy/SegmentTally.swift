import Contracts

/// What is still to be done of a job's segments, kept up to date change by change: a film of a thousand segments costs no
/// more for each than a short one.
struct SegmentTally: Sendable {
    /// Segments without a still, in the film's order.
    private(set) var undrawn: [Int] = []
    /// Segments that have their still, but are not ready, in the film's order.
    private(set) var inHand: [Int] = []
    /// How many of `inHand` have no clip.
    private var unclipped = 0
    /// Steps that are done: stills and clips.
    private(set) var steps = 0

    init() {}

    init(_ segments: [SegmentRecord]) {
        for (index, segment) in segments.enumerated() { add(segment, index) }
    }

    var isEmpty: Bool { undrawn.isEmpty && inHand.isEmpty }

    /// Whether every segment has its clip.
    var hasAllClips: Bool { undrawn.isEmpty && unclipped == 0 }

    /// A segment is no longer what it was.
    mutating func change(_ index: Int, from old: SegmentRecord, to new: SegmentRecord) {
        steps -= Self.steps(old)
        if Self.isUnclipped(old) { unclipped -= 1 }
        Self.remove(index, from: &undrawn)
        Self.remove(index, from: &inHand)
        add(new, index)
    }

    private mutating func add(_ segment: SegmentRecord, _ index: Int) {
        steps += Self.steps(segment)
        if Self.isUnclipped(segment) { unclipped += 1 }
        if segment.isReady { return }
        if segment.still == nil, segment.clip == nil {
            Self.insert(index, into: &undrawn)
        } else {
            Self.insert(index, into: &inHand)
        }
    }

    private static func isUnclipped(_ segment: SegmentRecord) -> Bool { segment.still != nil && segment.clip == nil }

    private static func steps(_ segment: SegmentRecord) -> Int {
        (segment.still != nil || segment.maker == .lead ? 1 : 0) + (segment.clip != nil ? 1 : 0)
    }

    private static func place(_ index: Int, in list: [Int]) -> Int {
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle] < index { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func insert(_ index: Int, into list: inout [Int]) {
        list.insert(index, at: place(index, in: list))
    }

    private static func remove(_ index: Int, from list: inout [Int]) {
        let place = place(index, in: list)
        if place < list.count, list[place] == index { list.remove(at: place) }
    }
}
