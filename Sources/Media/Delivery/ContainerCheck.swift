// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase

/// Checks what players and platforms require of a file before they decode it.
enum ContainerCheck {
    /// Maximum seconds between key frames for acceptable seeking.
    private static let maximumKeyInterval = 2.5

    static func findings(
        _ path: String, _ media: MediaReport, cancelled: @escaping @Sendable () -> Bool
    ) throws(MediaError) -> [DeliveryFinding] {
        func point(_ name: String, _ measured: String?, _ target: String, _ isPassed: Bool) -> DeliveryFinding {
            DeliveryFinding(name, measured ?? "unknown", target, isPassed)
        }
        var findings = [point("container", media.container, "mp4", media.container == "mp4")]
        let boxes = topLevelBoxes(path)
        let isFirst = boxes.firstIndex(of: "moov").map { moov in boxes.firstIndex(of: "mdat").map { moov < $0 } ?? true
        }
        findings.append(
            point("moov_first", boxes.joined(separator: " "), "moov before mdat", isFirst == true))
        guard let video = media.streams.first(where: { $0.type == "video" }) else {
            return findings + [point("video", "none", "one video track", false)]
        }
        let input = try InputFile(path, cancelled: cancelled)
        guard let index = input.best(AVMEDIA_TYPE_VIDEO) else { return findings }
        let stream = input.stream(index)
        let level = Double(stream.pointee.codecpar.pointee.level) / 10
        let aspect = stream.pointee.sample_aspect_ratio
        let isSquare = aspect.num == aspect.den || aspect.num == 0
        let timing = try timing(input, index)
        let colors = [video.colorPrimaries, video.colorTransfer, video.colorSpace].map { $0 ?? "untagged" }
        findings += [
            point("video_codec", video.codec, "h264", video.codec == "h264"),
            point("profile", video.profile, "High", video.profile == "High"),
            point("level", DeliveryFinding.number(level, digits: 1), "at most 5.2", level > 0 && level <= 5.2),
            point("pixel_format", video.pixelFormat, "yuv420p", video.pixelFormat == "yuv420p"),
            point(
                "size", "\(video.width ?? 0)x\(video.height ?? 0)", "even",
                (video.width ?? 1) % 2 == 0 && (video.height ?? 1) % 2 == 0),
            point("sample_aspect", isSquare ? "1:1" : "\(aspect.num):\(aspect.den)", "1:1", isSquare),
            point("colours", colors.joined(separator: "/"), "bt709/bt709/bt709", colors.allSatisfy { $0 == "bt709" }),
            point("colour_range", video.colorRange ?? "untagged", "tv", video.colorRange == "tv"),
            point(
                "frame_rate",
                "\(video.rate?.description ?? "unknown")\(timing.isConstant ? ", constant" : ", variable")",
                "constant", timing.isConstant && video.rate != nil),
            point(
                "key_frames",
                "\(timing.isClosed ? "closed" : "open") groups, \(DeliveryFinding.number(timing.longest, digits: 2)) s at most",
                "closed groups of at most \(maximumKeyInterval) s",
                timing.isClosed && timing.longest <= maximumKeyInterval),
        ]
        guard let audio = media.streams.first(where: { $0.type == "audio" }) else {
            return findings + [point("audio_codec", "none", "aac", false)]
        }
        findings += [
            point(
                "audio_codec", [audio.codec, audio.profile].compactMap { $0 }.joined(separator: " "), "aac LC",
                audio.codec == "aac" && (audio.profile ?? "LC") == "LC"),
            point("audio_rate", "\(audio.sampleRate ?? 0) Hz", "48000 Hz", audio.sampleRate == 48_000),
            point("audio_channels", "\(audio.channels ?? 0)", "2", audio.channels == 2),
        ]
        return findings
    }

    /// Reads the video's packets: whether its frames are evenly spaced, whether its groups are closed, and the duration
    /// of the longest group in seconds.
    private static func timing(
        _ input: borrowing InputFile, _ index: Int
    ) throws(MediaError) -> (isConstant: Bool, isClosed: Bool, longest: Double) {
        let base = input.stream(index).pointee.time_base
        let isH264 = input.stream(index).pointee.codecpar.pointee.codec_id == AV_CODEC_ID_H264
        let packet = try Packet()
        var times: [Int64] = []
        var keys: [Int64] = []
        var isClosed = true
        while try input.read(packet) {
            guard packet.pointer.pointee.stream_index == Int32(index) else { continue }
            let time = packet.pointer.pointee.pts
            guard time != us_no_pts else { continue }
            if packet.isKey {
                keys.append(time)
                if isH264, !packet.beginsWithIDR { isClosed = false }
            } else if let key = keys.last, time < key {
                isClosed = false
            }
            times.append(time)
        }
        times.sort()
        let steps = zip(times, times.dropFirst()).map { MediaTime.distance(from: $0, to: $1) }
        let step = steps.first ?? 0
        let isConstant =
            steps.allSatisfy { (-1...1).contains(MediaTime.distance(from: step, to: $0)) } && !steps.isEmpty
        let end = MediaTime.sum(times.last ?? 0, step)
        let groups = zip(keys, keys.dropFirst() + [end]).map { MediaTime.distance(from: $0, to: $1) }
        let longest = MediaTime.seconds(groups.max() ?? 0, base) ?? 0
        return (isConstant || times.count == 1, isClosed && !keys.isEmpty, longest)
    }

    static func topLevelBoxes(_ path: String) -> [String] {
        guard let file = try? RandomAccessFile(path) else { return [] }
        var names: [String] = []
        var offset = 0
        while names.count < 64, let header = file.read(at: offset, count: 16), header.count >= 8 {
            let name = String(decoding: header[4..<8], as: UTF8.self)
            guard name.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { break }
            names.append(name)
            var size = header[0..<4].reduce(0) { $0 << 8 | Int($1) }
            if size == 1, header.count == 16 {
                size = header[8..<15].reduce(0) { $0 << 8 | Int($1) } << 8 | Int(header[15])
            }
            guard size >= 8 else { break }
            // A box can claim to end beyond 2^63.
            let next = offset.addingReportingOverflow(size)
            guard !next.overflow else { break }
            offset = next.partialValue
        }
        return names
    }
}
