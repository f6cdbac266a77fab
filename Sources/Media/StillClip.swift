import CFFmpeg

/// What was written.
package struct ClipReport: Sendable, Equatable {
    package let frames: Int
    /// Seconds.
    package let duration: Double
    /// Bytes of the largest coded picture.
    package let largestPicture: Int
}

/// A silent clip of one picture.
///
/// The picture is coded twice, as two IDR pictures that differ only in `idr_pic_id`, and used in turn at each key frame;
/// every other frame is a picture of a few bytes that repeats the one before (`SkipPictures`). What a clip costs so depends
/// on its picture, not on its length.
package enum StillClip {
    /// Seconds between key frames.
    package static let keyFrameInterval = 2.0
    private static let quantisers = [17, 20, 23, 26, 29, 32, 36, 40, 45, 51]

    /// Makes the clip.
    ///
    /// - Parameters:
    ///   - image: path of a PNG, JPEG or WebP of at most 64 megapixels and 100 MiB.
    ///   - frames: at least 1.
    ///   - output: path of the MP4 that is written.
    ///   - keyFramesAt: frames that must be key frames, beside one every two seconds.
    ///   - cancelled: asked before each step that takes time.
    /// - Throws: `MediaError`; the output is then not to be used.
    package static func make(
        image: String, frames: Int, output: String, format: VideoFormat, keyFramesAt: [Int] = [],
        cancelled: () -> Bool = { false }, progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> ClipReport {
        guard frames > 0 else { throw MediaError(.invalidArgument, "a clip has at least one frame") }
        func goOn() throws(MediaError) { if cancelled() { throw MediaError(.cancelled, "cancelled") } }
        try goOn()
        let picture = try Picture.load(image, width: format.width, height: format.height)
        progress(0.4)
        let keys = keyFrames(frames: frames, rate: format.rate, wanted: keyFramesAt)
        let budget = Double(VideoEncoder.maximumBitRate) / 8 * max(format.rate.seconds(frames), keyFrameInterval)
        let largest = Int(budget / Double(keys.count))
        let coded = try code(picture, format: format, largest: largest, goOn)
        progress(0.8)

        let skip = SkipPictures(parameters: try SequenceParameters(coded.configuration.sequence[0]))
        var configuration = coded.configuration
        configuration.add(skip.pictureParameters)
        var movie = try MovieFile(path: output, format: format, configuration: configuration)
        try movie.writeHeader()
        var key = -1
        for frame in 0..<frames {
            if key + 1 < keys.count, keys[key + 1] == frame {
                key += 1
                try movie.write(coded.pictures[key % 2])
            } else {
                let sample = NALUnit.sample([skip.picture(distance: frame - keys[key])])
                try movie.write(CodedPicture(sample: sample, isKey: false))
            }
            if frame % 1024 == 0 { try goOn() }
        }
        try movie.finish()
        progress(1)
        return ClipReport(
            frames: frames, duration: format.rate.seconds(frames),
            largestPicture: coded.pictures.map(\.sample.count).max() ?? 0)
    }

    /// The frames that are key frames: the first, those wanted, and one at the latest every two seconds.
    static func keyFrames(frames: Int, rate: FrameRate, wanted: [Int]) -> [Int] {
        let interval = max(rate.frames(keyFrameInterval), 1)
        var keys = [0]
        for next in Set(wanted).filter({ $0 > 0 && $0 < frames }).sorted() + [frames] {
            var last = keys[keys.count - 1]
            // The last frame of a clip is no key frame of itself: the next clip begins with one of the same `idr_pic_id`, and
            // two IDR pictures that follow each other must differ in it (clause 7.4.3).
            let end = next == frames ? next - 1 : next
            while last + interval < end {
                last += interval
                keys.append(last)
            }
            if next < frames { keys.append(next) }
        }
        return keys
    }

    /// Codes the picture twice, with the finest quantiser that keeps it within the size.
    private static func code(
        _ picture: borrowing Frame, format: VideoFormat, largest: Int, _ goOn: () throws(MediaError) -> Void
    ) throws(MediaError) -> (configuration: DecoderConfiguration, pictures: [CodedPicture]) {
        var result: (DecoderConfiguration, [CodedPicture])?
        for quantiser in quantisers {
            try goOn()
            var encoder = try VideoEncoder(
                format: format, quality: .constantQuantiser(quantiser), parameterSet: .still)
            let packet = try Packet()
            var pictures: [CodedPicture] = []
            for _ in 0..<2 { try encoder.encode(picture, asKey: true) }
            encoder.finish()
            while let coded = try encoder.receive(into: packet) { pictures.append(coded) }
            guard pictures.count == 2, pictures.allSatisfy(\.isKey) else {
                throw MediaError(.internal, "the encoder did not give two key frames")
            }
            result = (try encoder.configuration, pictures)
            if pictures[0].sample.count <= largest { break }
        }
        guard let result else { throw MediaError(.internal, "no quantiser") }
        return (result.0, result.1)
    }
}
