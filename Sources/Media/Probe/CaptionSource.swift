// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import FoundationEssentials

/// Reads the captions that come with a film.
enum CaptionSource {
    /// The cues of the film's text track, or else of a sidecar file of the same name; `nil` without either.
    static func cues(of path: String) throws(MediaError) -> [CaptionCue]? {
        if let track = try track(path) { return track }
        let stem = path.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
        for ending in ["srt", "vtt"] {
            if let data = try? Data(contentsOf: URL(filePath: "\(stem).\(ending)")), data.count < 16 << 20 {
                return CaptionFile.parse(String(decoding: data, as: UTF8.self))
            }
        }
        return nil
    }

    private static func track(_ path: String) throws(MediaError) -> [CaptionCue]? {
        let input = try InputFile(path)
        let found = (0..<input.streamCount).first {
            input.stream($0).pointee.codecpar.pointee.codec_id == AV_CODEC_ID_MOV_TEXT
        }
        guard let index = found else { return nil }
        let base = input.stream(index).pointee.time_base
        let packet = try Packet()
        var cues: [CaptionCue] = []
        while try input.read(packet) {
            guard packet.pointer.pointee.stream_index == Int32(index) else { continue }
            let bytes = packet.bytes
            guard bytes.count > 2 else { continue }
            let length = min(Int(bytes[0]) << 8 | Int(bytes[1]), bytes.count - 2)
            guard length > 0 else { continue }
            let text = String(decoding: bytes[2..<2 + length], as: UTF8.self)
            guard let start = MediaTime.seconds(packet.pointer.pointee.pts, base) else { continue }
            let duration = MediaTime.seconds(packet.pointer.pointee.duration, base) ?? 0
            cues.append(
                CaptionCue(
                    start: start, end: start + duration,
                    lines: text.split(whereSeparator: \.isNewline).map(String.init)))
        }
        return cues
    }
}
