import CFFmpeg

/// Stretches of a clip over which one picture stands still, found in its coded pictures without decoding them.
enum StillStretches {
    /// - Parameters:
    ///   - clip: path of a clip.
    ///   - configuration: its parameter sets.
    /// - Returns: frames, each stretch beginning at a key frame; none for a clip of another maker.
    static func find(in clip: String, _ configuration: DecoderConfiguration) throws(MediaError) -> [Range<Int>] {
        guard let skip = skipPictures(configuration) else { return [] }
        var ranges: [Range<Int>] = []
        // A picture comes in two forms, in turn: only forms that are new need a look.
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

    /// Whether a clip with these parameter sets may have stretches that stand still.
    static func areOurs(_ configuration: DecoderConfiguration) -> Bool { skipPictures(configuration) != nil }

    /// What repeats the pictures of a clip with these parameter sets.
    private static func skipPictures(_ configuration: DecoderConfiguration) -> SkipPictures? {
        guard configuration.sequence.count == 1, let parameters = try? SequenceParameters(configuration.sequence[0])
        else { return nil }
        let skip = SkipPictures(parameters: parameters)
        return configuration.picture.contains(skip.pictureParameters) ? skip : nil
    }
}
