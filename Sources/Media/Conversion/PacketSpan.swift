// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase

/// When the packets of a stream are presented, determined without decoding them.
struct PacketSpan {
    /// Seconds from the first presented packet to the end of the last; 0 for none.
    let seconds: Double
    /// Whether an edit list hides packets.
    let hidesPackets: Bool
    /// Whether the container does not state when each packet is presented.
    let lacksTimestamps: Bool

    init(
        _ path: String, stream index: Int, cancelled: @escaping @Sendable () -> Bool
    ) throws(MediaError) {
        let input = try InputFile(path, cancelled: cancelled)
        guard index < input.streamCount else {
            throw MediaError(.corruptMedia, "\(fileName(path)) changed while it was read")
        }
        let base = input.stream(index).pointee.time_base
        let packet = try Packet()
        var meter = SpanMeter()
        var ending: (time: Double, duration: Double)?
        var hidesPackets = false
        // In AVI, timestamps of reordered pictures are guessed by the demuxer.
        var lacksTimestamps = input.isAVI
        while try input.read(packet) {
            if cancelled() { throw MediaError(.cancelled, "cancelled") }
            guard packet.pointer.pointee.stream_index == Int32(index) else { continue }
            if packet.isHidden { hidesPackets = true }
            guard !packet.isHidden else { continue }
            let (pts, dts) = (packet.pointer.pointee.pts, packet.pointer.pointee.dts)
            if pts == us_no_pts { lacksTimestamps = true }
            guard let time = MediaTime.seconds(pts == us_no_pts ? dts : pts, base) else { continue }
            meter.add(picture: time)
            if time >= ending?.time ?? -.infinity {
                ending = (time, MediaTime.seconds(packet.pointer.pointee.duration, base) ?? 0)
            }
        }
        if let ending { meter.end(at: ending.time, lasting: ending.duration) }
        meter.extend(until: input.repeatedUntil(index))
        let frame = input.stream(index).pointee.avg_frame_rate.frameRate.map { $0.seconds(1) }
        seconds = meter.span(frame: frame)?.presented ?? 0
        self.hidesPackets = hidesPackets
        self.lacksTimestamps = lacksTimestamps
    }
}
