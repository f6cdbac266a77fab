import CFFmpeg
import Untrusted

/// Decodes one stream of a file to its end, and counts what comes out and what is broken. Groups of pictures that repeat an
/// earlier one are counted, not decoded again.
struct StreamDecoding: ~Copyable {
    struct Outcome: Sendable {
        var frames = 0
        var problems: [String] = []
    }

    private let file: InputFile
    private let index: Int
    private let decoder: Decoder
    private let frame: Frame
    private let groups: [RepeatedGroups.Group]
    private let looks: Bool
    private var outcome: Outcome
    private var broken: Int
    /// The group whose pictures come out of the decoder.
    private var emerging: Int
    /// What was seen in groups that come again.
    private var album: [Int: [PictureLook]]

    /// - Parameter looks: whether somebody wants to see the pictures.
    init(_ path: String, stream index: Int, looks: Bool) throws(MediaError) {
        let file = try InputFile(path)
        guard index < file.streamCount else { throw MediaError(.corruptMedia, "\(fileName(path)) changes") }
        let decoder = try Decoder(stream: file.stream(index), file: path, threads: 2)
        let frame = try Frame()
        groups = (try? RepeatedGroups(path, stream: index).groups) ?? []
        self.file = file
        self.decoder = decoder
        self.frame = frame
        self.index = index
        self.looks = looks
        outcome = Outcome()
        broken = 0
        emerging = 0
        album = [:]
    }

    /// - Parameter inspect: sees each picture.
    mutating func run(
        _ cancelled: () -> Bool, _ progress: (Double) -> Void, _ inspect: (PictureLook) -> Void
    ) throws(MediaError) -> Outcome {
        let packet = try Packet()
        var group = -1
        var left = 0
        do throws(MediaError) {
            while try file.read(packet) {
                guard packet.pointer.pointee.stream_index == Int32(index) else { continue }
                if left == 0, group + 1 < groups.count {
                    group += 1
                    left = groups[group].packets
                    try enter(group, cancelled, inspect)
                    if let share = share(of: packet) { progress(share) }
                }
                left -= 1
                if group >= 0, groups[group].original != nil { continue }
                if try !decoder.send(packet) { broken += 1 }
                try drain(cancelled, inspect)
                if outcome.frames % 64 == 0, let share = share(of: packet) { progress(share) }
            }
        } catch  where error.kind != .cancelled {
            outcome.problems.append(error.message)
        }
        decoder.finish()
        try drain(cancelled, inspect)
        if broken > 0 {
            let type = String(cString: av_get_media_type_string(file.stream(index).pointee.codecpar.pointee.codec_type))
            outcome.problems.append("stream \(index) (\(type)): \(broken) packets or frames do not decode")
        }
        return outcome
    }

    /// Brings what was decoded to its end where a group is begun that comes again, or came before.
    private mutating func enter(
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

    private mutating func drain(
        _ cancelled: () -> Bool, _ inspect: (PictureLook) -> Void
    ) throws(MediaError) {
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

    private mutating func see(_ inspect: (PictureLook) -> Void) {
        var look = looks ? PictureLook(frame) : PictureLook()
        if album[emerging] != nil {
            // Pictures that stand still share what was seen.
            if let last = album[emerging]?.last, last == look { look = last }
            album[emerging]?.append(look)
        }
        if looks { inspect(look) }
    }

    private func share(of packet: borrowing Packet) -> Double? {
        let base = file.stream(index).pointee.time_base
        guard file.duration > 0, let seconds = MediaTime.seconds(packet.pointer.pointee.pts, base) else { return nil }
        return (seconds / file.duration).clamped(to: 0...1)
    }
}
