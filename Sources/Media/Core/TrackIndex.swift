import CFFmpeg

/// The frames of a video track as its container's index lists them. Frames that an edit list hides are counted apart.
struct TrackIndex {
    /// All entries.
    private(set) var entries = 0
    /// Entries whose frames are shown.
    private(set) var shown = 0
    /// Positions of the key frames among the frames that are shown.
    private(set) var keys: [Int] = []
    /// Shown entries without bytes, which show the frame before them for longer.
    private(set) var repeats = 0
    /// Whether no frame is hidden between two that are shown, in the order of decoding.
    private(set) var isContinuous = true
    /// Decoding time of the first and of the last frame that is shown, in ticks.
    private(set) var first: Int64?
    private(set) var last: Int64?
    /// Whether the frames that are shown are decoded at a constant rate.
    private(set) var isConstant: Bool

    /// - Parameter framesPerTick: the rate that `isConstant` compares with.
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
            // Foreign numbers: subtracted as `Double`, which cannot overflow.
            let place = (Double(entry.timestamp) - Double(start)) * framesPerTick
            if abs(place - Double(shown)) > 0.02 { isConstant = false }
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
    /// Frames that the container promises to show of a video stream: its samples, less those that an edit list hides.
    ///
    /// - Returns: 0 where the container does not promise any number.
    func promisedFrames(_ index: Int) -> Int {
        let declared = Int(min(max(stream(index).pointee.nb_frames, 0), Int64(Int32.max)))
        let listed = TrackIndex(stream(index))
        // The header of an AVI counts chunks without bytes, of which there are no packets. A file that is cut has lost its index.
        if isAVI { return AVIIndex(path).isWhole ? min(listed.shown, declared) : declared }
        guard declared > 0, listed.entries > 0, listed.shown != declared,
            let whole = try? InputFile(path, examines: false, appliesEdits: false), index < whole.streamCount
        else { return max(declared - listed.repeats, 0) }
        // A track cut short has fewer entries than samples with and without its edit list.
        let all = Int(avformat_index_get_entries_count(whole.stream(index)))
        return max(declared - all + listed.shown - listed.repeats, 0)
    }

    /// Seconds until which the last picture of an AVI is shown: the chunks that repeat it have no packets.
    ///
    /// - Returns: `nil` for other containers, and where the header counts other chunks than the index lists.
    func repeatedUntil(_ index: Int) -> Double? {
        guard isAVI else { return nil }
        let listed = AVIIndex(path)
        guard listed.isWhole, let count = listed.pictures[index], count == Int(stream(index).pointee.nb_frames),
            let length = MediaTime.seconds(stream(index).pointee.duration, stream(index).pointee.time_base)
        else { return nil }
        return (start(of: index) ?? 0) + length
    }
}
