// SPDX-License-Identifier: Apache-2.0

/// 3GPP timed text (3GPP TS 26.245), known to players as `tx3g` or `mov_text`.
enum TextTrack {
    /// Ticks per second.
    static let timescale = 1000

    /// The sample description: white text without background, centred at the bottom of the picture.
    static let description: [UInt8] = {
        var bytes: [UInt8] = [0, 0, 0, 0]  // displayFlags
        bytes += [1, 0xFF]  // horizontal justification: centre; vertical: bottom
        bytes += [0, 0, 0, 0]  // background: transparent
        bytes += [UInt8](repeating: 0, count: 8)  // text box: the track's
        bytes += [0, 0, 0, 0, 0, 1, 0, 18]  // style: all characters, font 1, plain, size 18
        bytes += [255, 255, 255, 255]  // colour
        let font = Array("Sans-Serif".utf8)
        bytes += [0, 0, 0, UInt8(13 + font.count)] + Array("ftab".utf8) + [0, 1, 0, 1, UInt8(font.count)] + font
        return bytes
    }()

    /// One sample: the length of a text and its UTF-8 bytes.
    struct Sample: Equatable {
        /// Ticks.
        var start: Int
        /// Ticks.
        var duration: Int
        var bytes: [UInt8]
    }

    /// The samples of a whole film. A gap between cues is a sample with an empty text; libav's muxer adds all of them
    /// but the first.
    ///
    /// - Parameter end: Duration of the film, in seconds.
    static func samples(_ cues: [CaptionCue], until end: Double) -> [Sample] {
        let last = ticks(end)
        var samples: [Sample] = []
        if let first = cues.first, ticks(first.start) > 0 { samples.append(sample("", 0, ticks(first.start))) }
        var position = 0
        for cue in cues {
            let (start, stop) = (max(ticks(cue.start), position), min(ticks(cue.end), last))
            guard stop > start else { continue }
            samples.append(sample(SubRipText.withoutBlocks(cue.lines).joined(separator: "\n"), start, stop))
            position = stop
        }
        return samples
    }

    private static func sample(_ text: String, _ start: Int, _ end: Int) -> Sample {
        let bytes = Array(text.utf8.prefix(65_535))
        return Sample(
            start: start, duration: end - start, bytes: [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes)
    }

    private static func ticks(_ seconds: Double) -> Int { Int((seconds * Double(timescale)).rounded()) }
}
