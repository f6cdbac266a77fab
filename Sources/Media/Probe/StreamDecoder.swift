// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase
import Untrusted

/// Decodes one stream of a file to its end and counts decoded and broken frames. Groups of pictures that repeat an
/// earlier one are counted without being decoded again.
final class StreamDecoder {
    struct Outcome: Sendable {
        var frames = 0
        /// Pictures shown before the first key picture but coded after it: they refer to missing pictures, and no
        /// player shows them.
        var leading = 0
        var problems: [String] = []
        /// `nil` if nothing was decoded.
        var span: PresentedSpan?
    }

    private let index: Int
    private let base: AVRational
    /// Duration of a frame in seconds, at the container's frame rate.
    private let frameDuration: Double?
    private let type: String
    private let decoder: Decoder
    private let frame: Frame
    private let groups: [RepeatedGroups.Group]
    private let recordsThumbnails: Bool
    private var outcome = Outcome()
    private var brokenCount = 0
    /// Presentation time of the first key picture, in ticks.
    private var firstKey: Int64?
    /// The group that is being read, and how many of its packets are still to come.
    private var group = -1
    private var remainingPackets = 0
    /// The group whose pictures the decoder is returning.
    private var outputGroup = 0
    /// Thumbnails of the groups that are repeated later.
    private var thumbnailCache: [Int: [LumaThumbnail]] = [:]
    private var meter = SpanMeter()
    /// Time until which the container repeats the last picture, in seconds, if it does.
    private let heldUntil: Double?
    /// Presentation time and duration, in seconds, of the packet that is presented last.
    private var ending: (time: Double, duration: Double)?

    /// - Parameters:
    ///   - file: The open file whose packets are passed to `take`.
    ///   - index: The stream to decode.
    ///   - recordsThumbnails: Whether thumbnails are recorded.
    ///   - threads: Number of decoder threads.
    ///   - budget: Memory for the pictures of all streams of the file.
    ///   - cancelled: Polled during initialisation.
    init(
        _ file: borrowing InputFile, stream index: Int, recordsThumbnails: Bool, threads: Int, budget: PictureBudget,
        cancelled: @escaping @Sendable () -> Bool
    ) throws(MediaError) {
        let stream = file.stream(index)
        self.index = index
        self.recordsThumbnails = recordsThumbnails
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
    /// - Parameter onThumbnail: Called with each thumbnail.
    func take(
        _ packet: borrowing Packet, of file: borrowing InputFile, _ cancelled: () -> Bool,
        _ progress: (Double) -> Void, _ onThumbnail: (LumaThumbnail) -> Void
    ) throws(MediaError) {
        countLeading(packet)
        if remainingPackets == 0, group + 1 < groups.count {
            group += 1
            remainingPackets = groups[group].packets
            try enter(group, at: MediaTime.seconds(packet.pointer.pointee.pts, base), cancelled, onThumbnail)
            if let fraction = fraction(of: packet, file) { progress(fraction) }
        }
        remainingPackets -= 1
        record(packet)
        if group >= 0, groups[group].original != nil { return }
        if try !decoder.send(packet) { brokenCount += 1 }
        try drain(cancelled, onThumbnail)
        if outcome.frames % 64 == 0, let fraction = fraction(of: packet, file) { progress(fraction) }
    }

    /// Decodes the frames that the decoder still buffers.
    func finish(_ cancelled: () -> Bool, _ onThumbnail: (LumaThumbnail) -> Void) throws(MediaError) -> Outcome {
        decoder.finish()
        try drain(cancelled, onThumbnail)
        if brokenCount > 0 {
            outcome.problems.append("stream \(index) (\(type)): \(brokenCount) packets or frames do not decode")
        }
        if let ending { meter.end(at: ending.time, lasting: ending.duration) }
        meter.extend(until: heldUntil)
        outcome.span = meter.span(frame: frameDuration)
        return outcome
    }

    /// Drains the decoder before a group that is repeated later or repeats an earlier one.
    private func enter(
        _ group: Int, at start: Double?, _ cancelled: () -> Bool, _ onThumbnail: (LumaThumbnail) -> Void
    ) throws(MediaError) {
        guard groups[group].original != nil || groups[group].isRepeated || thumbnailCache[outputGroup] != nil else {
            return
        }
        if group > 0, groups[group - 1].original == nil {
            decoder.finish()
            try drain(cancelled, onThumbnail)
            decoder.restart()
        }
        outputGroup = group
        guard let original = groups[group].original else {
            if groups[group].isRepeated { thumbnailCache[group] = [] }
            return
        }
        let recorded = thumbnailCache[original] ?? []
        outcome.frames += recorded.count
        brokenCount += max(groups[group].packets - recorded.count, 0)
        let first = recorded.first?.time
        for var thumbnail in recorded {
            if let time = thumbnail.time, let start, let first { thumbnail.time = start + time - first }
            meter.add(picture: thumbnail.time)
            if recordsThumbnails { onThumbnail(thumbnail) }
        }
    }

    private func drain(_ cancelled: () -> Bool, _ onThumbnail: (LumaThumbnail) -> Void) throws(MediaError) {
        while true {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            switch decoder.receive(frame) {
            case .frame:
                if frame.pointer.pointee.decode_error_flags != 0
                    || frame.pointer.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0
                {
                    brokenCount += 1
                }
                outcome.frames += 1
                measure()
                if frame.width > 0 { recordThumbnail(onThumbnail) }
                frame.unreference()
            case .broken: brokenCount += 1
            case .needsInput, .end: return
            }
        }
    }

    private func recordThumbnail(_ onThumbnail: (LumaThumbnail) -> Void) {
        var thumbnail = recordsThumbnails ? LumaThumbnail(frame) : LumaThumbnail()
        thumbnail.time = MediaTime.seconds(frame.pointer.pointee.best_effort_timestamp, base)
        if thumbnailCache[outputGroup] != nil {
            // Unchanged pictures share one thumbnail.
            if let last = thumbnailCache[outputGroup]?.last, last == thumbnail {
                let time = thumbnail.time
                thumbnail = last
                thumbnail.time = time
            }
            thumbnailCache[outputGroup]?.append(thumbnail)
        }
        if recordsThumbnails { onThumbnail(thumbnail) }
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

    /// Records the packet that is presented last. Hidden packets are not presented.
    private func record(_ packet: borrowing Packet) {
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

    private func fraction(of packet: borrowing Packet, _ file: borrowing InputFile) -> Double? {
        let base = file.stream(index).pointee.time_base
        guard file.duration > 0, let seconds = MediaTime.seconds(packet.pointer.pointee.pts, base) else { return nil }
        return (seconds / file.duration).clamped(to: 0...1)
    }
}
