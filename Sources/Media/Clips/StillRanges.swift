// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Finds the frames over which a clip's picture does not change, from its coded pictures, without decoding.
enum StillRanges {
    /// - Parameters:
    ///   - clip: Path of a clip.
    ///   - configuration: Its parameter sets.
    /// - Returns: Ranges of frames, each starting at a key frame. Empty for a clip that `StillClip` did not make.
    static func find(in clip: String, _ configuration: DecoderConfiguration) throws(MediaError) -> [Range<Int>] {
        guard let skip = skipPictures(configuration) else { return [] }
        var ranges: [Range<Int>] = []
        // A picture occurs in two coded forms, alternately: only new forms are parsed.
        var forms: [[UInt8]] = []
        var shown: IntraPicture?
        var frame = 0
        var key = 0
        let packet = try Packet()
        let input = try InputFile(clip, examines: false)
        let index = input.best(AVMEDIA_TYPE_VIDEO) ?? -1
        while try input.readShown(packet, of: index) {
            let bytes = packet.bytes
            if packet.isKey {
                key = frame
                if forms.contains(bytes) {
                    ranges.append((ranges.popLast()?.lowerBound ?? frame)..<frame + 1)
                } else {
                    guard let picture = try? IntraPicture(sample: bytes, configuration) else { return [] }
                    if picture == shown {
                        ranges.append((ranges.popLast()?.lowerBound ?? frame)..<frame + 1)
                        forms.append(bytes)
                    } else {
                        ranges.append(frame..<frame + 1)
                        forms = [bytes]
                        shown = picture
                    }
                }
            } else {
                guard bytes == skip.picture(distance: frame - key).sample, let last = ranges.popLast() else {
                    return []
                }
                ranges.append(last.lowerBound..<frame + 1)
            }
            frame += 1
        }
        return ranges
    }

    /// Whether parameter sets are those of `StillClip`, whose clips may have such ranges.
    static func isOwnEncoding(_ configuration: DecoderConfiguration) -> Bool { skipPictures(configuration) != nil }

    /// The pictures that repeat others in a clip with these parameter sets; `nil` for clips made elsewhere.
    private static func skipPictures(_ configuration: DecoderConfiguration) -> SkipPictures? {
        guard configuration.sequence.count == 1, let parameters = try? SequenceParameterSet(configuration.sequence[0])
        else { return nil }
        let skip = SkipPictures(parameters: parameters)
        return configuration.picture.contains(skip.pictureParameterSet) ? skip : nil
    }
}
