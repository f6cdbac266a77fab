import CFFmpeg
import Untrusted

/// Decodes one stream of a file to its end, and counts what comes out and what is broken. Groups of pictures that repeat an
/// earlier one are counted, not decoded again.
final class StreamDecoding {
    struct Outcome: Sendable {
        var frames = 0
        /// Pictures before the first key picture, coded after it: they refer to what is not there, and no player shows them.
        var leading = 0
        var problems: [String] = []
    }

    private let index: Int
    private let type: String
    private let decoder: Decoder
    private let frame: Frame
    private let groups: [RepeatedGroups.Group]
    private let looks: Bool
    private var outcome = Outcome()
    private var broken = 0
    /// When the first key picture is shown, in ticks.
    private var firstKey: Int64?
    /// The group that is read, and its packets that are still to come.
    private var group = -1
    private var left = 0
    /// The group whose pictures come out of the decoder.
    private var emerging = 0
    /// What was seen in groups that come again.
    private var album: [Int: [PictureLook]] = [:]

    /// - Parameters:
    ///   - file: the open file, whose packets are given to `take`.
    ///   - looks: whether somebody wants to see the pictures.
    ///   - budget: what the pictures of all streams of the file may take.
    init(
        _ file: borrowing InputFile, stream index: Int, looks: Bool, threads: Int, budget: PictureBudget,
        cancelled: @escaping @Sendable () -> Bool
    ) throws(MediaError) {
        let stream = file.stream(index)
        self.index = index
        self.looks = looks
        type = String(cString: av_get_media_type_string(stream.pointee.codecpar.pointee.codec_type))
        decoder = try Decoder(stream: stream, file: file.path, threads: threads, budget: budget)
        frame = try Frame()
        groups = (try? RepeatedGroups(file.path, stream: index, cancelled: cancelled).groups) ?? []
    }

    /// Decodes the stream's next packet.
    ///
    /// - Parameter inspect: sees each picture.
    func take(
        _ packet: borrowing Packet, of file: borrowing InputFile, _ cancelled: () -> Bool,
        _ progress: (Double) -> Void, _ inspect: (PictureLook) -> Void
    ) throws(MediaError) {
        countLeading(packet)
        if left == 0, group + 1 < groups.count {
            group += 1
            left = groups[group].packets
            try enter(group, cancelled, inspect)
            if let share = share(of: packet, file) { progress(share) }
        }
        left -= 1
        if group >= 0, groups[group].original != nil { return }
        if try !decoder.send(packet) { broken += 1 }
        try drain(cancelled, inspect)
        if outcome.frames % 64 == 0, let share = share(of: packet, file) { progress(share) }
    }

    /// Takes what the decoder still holds.
    func finish(_ cancelled: () -> Bool, _ inspect: (PictureLook) -> Void) throws(MediaError) -> Outcome {
        decoder.finish()
        try drain(cancelled, inspect)
        if broken > 0 {
            outcome.problems.append("stream \(index) (\(type)): \(broken) packets or frames do not decode")
        }
        return outcome
    }

    /// Brings what was decoded to its end where a group is begun that comes again, or came before.
    private func enter(
        _ group: Int, _ cancelled: () -> Bool, _ inspect: (PictureLook) -> Void
    ) throws(MediaError) {
        guard groups[group].original != nil || groups[group].isRepeated || album[emerging] != nil else { return }
        if group > 0, groups[group - 1].original == nil {
            decoder.finish()
            try drain(cancelled, inspect)
            decoder.restart()
        }
        emerging = group
        guard let original = groups[group].original else {
            if groups[group].isRepeated { album[group] = [] }
            return
        }
        let seen = album[original] ?? []
        outcome.frames += seen.count
        broken += max(groups[group].packets - seen.count, 0)
        if looks { for look in seen { inspect(look) } }
    }

    private func drain(_ cancelled: () -> Bool, _ inspect: (PictureLook) -> Void) throws(MediaError) {
        while true {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            switch decoder.receive(frame) {
            case .frame:
                if frame.pointer.pointee.decode_error_flags != 0
                    || frame.pointer.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0
                {
                    broken += 1
                }
                outcome.frames += 1
                if frame.width > 0 { see(inspect) }
                frame.unreference()
            case .broken: broken += 1
            case .needsInput, .end: return
            }
        }
    }

    private func see(_ inspect: (PictureLook) -> Void) {
        var look = looks ? PictureLook(frame) : PictureLook()
        if album[emerging] != nil {
            // Pictures that stand still share what was seen.
            if let last = album[emerging]?.last, last == look { look = last }
            album[emerging]?.append(look)
        }
        if looks { inspect(look) }
    }

    private func countLeading(_ packet: borrowing Packet) {
        let time = packet.pointer.pointee.pts
        guard time != us_no_pts, !packet.isHidden else { return }
        if let firstKey {
            if !packet.isKey, time < firstKey { outcome.leading += 1 }
        } else if packet.isKey {
            firstKey = time
        }
    }

    private func share(of packet: borrowing Packet, _ file: borrowing InputFile) -> Double? {
        let base = file.stream(index).pointee.time_base
        guard file.duration > 0, let seconds = MediaTime.seconds(packet.pointer.pointee.pts, base) else { return nil }
        return (seconds / file.duration).clamped(to: 0...1)
    }
}
