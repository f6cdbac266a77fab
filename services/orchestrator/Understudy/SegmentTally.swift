// SPDX-License-Identifier: Apache-2.0

import Contracts

/// Index of the remaining work on a job's segments. It is updated with each change, so that an event of a film with a thousand segments
/// does not scan all of them.
struct SegmentTally: Sendable {
    /// Indices of the segments without a still or clip, in the film's order.
    private(set) var withoutStill: [Int] = []
    /// Indices of the segments that have a still or clip but are not ready, in the film's order.
    private(set) var inProgress: [Int] = []
    /// The number of segments in `inProgress` without a clip.
    private var unclipped = 0
    /// The number of finished steps: stills and clips.
    private(set) var steps = 0

    init() {}

    /// Counts the given segments.
    init(_ segments: [SegmentRecord]) {
        for (index, segment) in segments.enumerated() { add(segment, index) }
    }

    /// Whether all segments are ready.
    var isEmpty: Bool { withoutStill.isEmpty && inProgress.isEmpty }

    /// Whether every segment has its clip.
    var hasAllClips: Bool { withoutStill.isEmpty && unclipped == 0 }

    /// Updates the index after a segment changed.
    mutating func change(_ index: Int, from old: SegmentRecord, to new: SegmentRecord) {
        steps -= Self.steps(old)
        if Self.isUnclipped(old) { unclipped -= 1 }
        Self.remove(index, from: &withoutStill)
        Self.remove(index, from: &inProgress)
        add(new, index)
    }

    private mutating func add(_ segment: SegmentRecord, _ index: Int) {
        steps += Self.steps(segment)
        if Self.isUnclipped(segment) { unclipped += 1 }
        if segment.isReady { return }
        if segment.still == nil, segment.clip == nil {
            Self.insert(index, into: &withoutStill)
        } else {
            Self.insert(index, into: &inProgress)
        }
    }

    private static func isUnclipped(_ segment: SegmentRecord) -> Bool { segment.still != nil && segment.clip == nil }

    private static func steps(_ segment: SegmentRecord) -> Int {
        (segment.still != nil || segment.maker == .lead ? 1 : 0) + (segment.clip != nil ? 1 : 0)
    }

    /// The position of the first element that is not less than `index`, by binary search.
    private static func position(of index: Int, in list: [Int]) -> Int {
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle] < index { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func insert(_ index: Int, into list: inout [Int]) {
        list.insert(index, at: position(of: index, in: list))
    }

    private static func remove(_ index: Int, from list: inout [Int]) {
        let position = position(of: index, in: list)
        if position < list.count, list[position] == index { list.remove(at: position) }
    }
}
