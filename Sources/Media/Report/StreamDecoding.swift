import CFFmpeg
import Timebase
import Untrusted

/// Decodes one stream of a file to its end, and counts what comes out and what is broken. Groups of pictures that repeat an
/// earlier one are counted, not decoded again.
final class StreamDecoding {
    struct Outcome: Sendable {
        var frames = 0
        /// Pictures before the first key picture, coded after it: they refer to what is not there, and no player shows them.
        var leading = 0
        var problems: [String] = []
        /// `nil` if nothing was decoded.
        var span: PresentedSpan?
    }

    private let index: Int
    private let base: AVRational
    /// Seconds of a picture, as the container states the rate.
    private let frameDuration: Double?
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
    private var meter = SpanMeter()
    /// Seconds until which the container repeats the last picture, where it does.
    private let heldUntil: Double?
    /// The presentation time and the duration, in seconds, of the packet that is presented last.
    private var ending: (time: Double, duration: Double)?

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
        base = stream.pointee.time_base
        frameDuration = stream.pointee.avg_frame_rate.frameRate.map { $0.seconds(1) }
        type = String(cString: av_get_media_type_string(stream.pointee.codecpar.pointee.codec_type))
        decoder = try Decoder(stream: stream, file: file.path, threads: threads, budget: budget)
        frame = try Frame()
        heldUntil = file.repeatedUntil(index)
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
            try enter(group, at: MediaTime.seconds(packet.pointer.pointee.pts, base), cancelled, inspect)
            if let share = share(of: packet, file) { progress(share) }
        }
        left -= 1
        note(packet)
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
        if let ending { meter.end(at: ending.time, lasting: ending.duration) }
        meter.hold(until: heldUntil)
        outcome.span = meter.span(frame: frameDuration)
        return outcome
    }

    /// Brings what was decoded to its end where a group is begun that comes again, or came before.
    private func enter(
        _ group: Int, at start: Double?, _ cancelled: () -> Bool, _ inspect: (PictureLook) -> Void
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
        let first = seen.first?.time
        for var look in seen {
            if let time = look.time, let start, let first { look.time = start + time - first }
            meter.add(picture: look.time)
            if looks { inspect(look) }
        }
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
                measure()
                if frame.width > 0 { see(inspect) }
                frame.unreference()
            case .broken: broken += 1
            case .needsInput, .end: return
            }
        }
    }

    private func see(_ inspect: (PictureLook) -> Void) {
        var look = looks ? PictureLook(frame) : PictureLook()
        look.time = MediaTime.seconds(frame.pointer.pointee.best_effort_timestamp, base)
        if album[emerging] != nil {
            // Pictures that stand still share what was seen.
            if let last = album[emerging]?.last, last == look {
                let time = look.time
                look = last
                look.time = time
            }
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

    /// Remembers the packet that is presented last; what an edit list hides is not.
    private func note(_ packet: borrowing Packet) {
        guard !packet.isHidden,
            let time = MediaTime.seconds(packet.pointer.pointee.pts, base), time >= ending?.time ?? -.infinity
        else { return }
        ending = (time, MediaTime.seconds(packet.pointer.pointee.duration, base) ?? 0)
    }

    private func measure() {
        let time = MediaTime.seconds(frame.pointer.pointee.best_effort_timestamp, base)
        if frame.pointer.pointee.nb_samples > 0, frame.pointer.pointee.sample_rate > 0 {
            let seconds = Double(frame.pointer.pointee.nb_samples) / Double(frame.pointer.pointee.sample_rate)
            meter.add(sound: time, lasting: seconds)
        } else {
            meter.add(picture: time)
        }
    }

    private func share(of packet: borrowing Packet, _ file: borrowing InputFile) -> Double? {
        let base = file.stream(index).pointee.time_base
        guard file.duration > 0, let seconds = MediaTime.seconds(packet.pointer.pointee.pts, base) else { return nil }
        return (seconds / file.duration).clamped(to: 0...1)
    }
}
