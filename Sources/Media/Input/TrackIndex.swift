// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// The frames of a video track as listed in the container's index. Frames hidden by an edit list are counted
/// separately.
struct TrackIndex {
    /// Number of all entries.
    private(set) var entries = 0
    /// Number of entries whose frames are shown.
    private(set) var shown = 0
    /// Positions of the key frames among the shown frames.
    private(set) var keys: [Int] = []
    /// Number of shown entries without bytes, which extend the frame before them.
    private(set) var repeats = 0
    /// Whether no hidden frame is between two shown frames, in decoding order.
    private(set) var isContinuous = true
    /// Decoding times of the first and the last shown frame, in ticks.
    private(set) var first: Int64?
    private(set) var last: Int64?
    /// Whether the shown frames are decoded at a constant rate.
    private(set) var isConstant: Bool

    /// - Parameter framesPerTick: The rate that `isConstant` refers to.
    init(_ stream: UnsafeMutablePointer<AVStream>, framesPerTick: Double = 0) {
        entries = Int(avformat_index_get_entries_count(stream))
        isConstant = true
        var isInterrupted = false
        for position in 0..<entries {
            guard let entry = avformat_index_get_entry(stream, Int32(position))?.pointee else { continue }
            guard entry.flags & AVINDEX_DISCARD_FRAME == 0 else {
                isInterrupted = first != nil
                continue
            }
            if isInterrupted { isContinuous = false }
            let start = first ?? entry.timestamp
            // Untrusted numbers: subtracted as `Double`, which cannot overflow.
            let frameNumber = (Double(entry.timestamp) - Double(start)) * framesPerTick
            if abs(frameNumber - Double(shown)) > 0.02 { isConstant = false }
            if entry.flags & AVINDEX_KEYFRAME != 0 { keys.append(shown) }
            if entry.size == 0 { repeats += 1 }
            first = start
            last = entry.timestamp
            shown += 1
        }
        if shown == 0 { isConstant = false }
    }
}

extension InputFile {
    /// Number of frames that the container states for a video stream: its samples, less those hidden by an edit list.
    ///
    /// - Returns: 0 if the container states no number.
    func declaredFrames(_ index: Int) -> Int {
        let declared = Int(min(max(stream(index).pointee.nb_frames, 0), Int64(Int32.max)))
        let listed = TrackIndex(stream(index))
        // The header of an AVI counts empty chunks, for which there are no packets. A truncated file has lost its
        // index.
        if isAVI { return AVIIndex(path).isComplete ? min(listed.shown, declared) : declared }
        guard declared > 0, listed.entries > 0, listed.shown != declared,
            let unedited = try? InputFile(path, examines: false, appliesEdits: false), index < unedited.streamCount
        else { return max(declared - listed.repeats, 0) }
        // A truncated track has fewer entries than samples, with and without its edit list.
        let all = Int(avformat_index_get_entries_count(unedited.stream(index)))
        return max(declared - all + listed.shown - listed.repeats, 0)
    }

    /// Time until which the last picture of an AVI is shown, in seconds. The chunks that repeat it have no packets.
    ///
    /// - Returns: `nil` for other containers, and if the header's count differs from the index.
    func repeatedUntil(_ index: Int) -> Double? {
        guard isAVI else { return nil }
        let listed = AVIIndex(path)
        guard listed.isComplete, let count = listed.pictures[index], count == Int(stream(index).pointee.nb_frames),
            let length = MediaTime.seconds(stream(index).pointee.duration, stream(index).pointee.time_base)
        else { return nil }
        return (start(of: index) ?? 0) + length
    }
}
