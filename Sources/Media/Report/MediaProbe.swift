import CFFmpeg
package import Timebase

/// What a media file holds.
package struct MediaReport: Sendable {
    package struct Stream: Sendable {
        /// `video`, `audio`, `subtitle`, `data`.
        package var type: String
        package var codec: String
        package var profile: String?
        /// Seconds, as the container states them; as measured if it does not.
        package var duration: Double?
        /// When its decoded frames are presented; `nil` unless they were decoded.
        package var span: PresentedSpan?
        package var width: Int?
        package var height: Int?
        package var rate: FrameRate?
        package var pixelFormat: String?
        package var colorPrimaries: String?
        package var colorTransfer: String?
        package var colorSpace: String?
        package var colorRange: String?
        /// Hertz.
        package var sampleRate: Int?
        package var channels: Int?
        /// Whether it is the one of its type that a player presents.
        package var isBest = false
    }

    package var container: String
    /// Seconds.
    package var duration: Double
    package var streams: [Stream]
    /// Video frames: counted when decoded, else as the container says.
    package var frames: Int
    /// Whether every frame decoded; `nil` where nobody asked.
    package var decodedOK: Bool?
    /// One sentence each.
    package var problems: [String]
}

package enum MediaProbe {
    /// Looks into a file.
    ///
    /// - Parameter decode: decode every frame of every sound and picture, instead of believing the headers.
    /// - Throws: `notFound`, `corruptMedia`: what cannot even be opened.
    package static func probe(
        _ path: String, decode: Bool, cancelled: @escaping @Sendable () -> Bool = { false },
        progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> MediaReport {
        try probe(path, decode: decode, cancelled: cancelled, progress: progress, inspect: nil)
    }

    /// - Parameter inspect: sees each picture that is decoded.
    static func probe(
        _ path: String, decode: Bool, cancelled: @escaping @Sendable () -> Bool, progress: (Double) -> Void,
        inspect: ((PictureLook) -> Void)?
    ) throws(MediaError) -> MediaReport {
        let input = try InputFile(path, cancelled: cancelled)
        let streams = (0..<input.streamCount).map { describe(input.stream($0)) }
        var report = MediaReport(
            container: containerName(String(cString: input.context.pointee.iformat.pointee.name)),
            duration: input.duration, streams: streams, frames: 0, decodedOK: nil, problems: [])
        let video = input.best(AVMEDIA_TYPE_VIDEO)
        for index in [video, input.best(AVMEDIA_TYPE_AUDIO)] { if let index { report.streams[index].isBest = true } }
        let promised = video.map { input.promisedFrames($0) } ?? 0
        report.frames = promised
        guard decode else { return report }
        let bound = ProbeBound(path, duration: input.duration)
        let outcomes = try bound.run(fileName(path), cancelled) { isOver throws(MediaError) in
            try decodeAll(input, isOver, progress, inspect)
        }
        if let video { report.frames = outcomes[video]?.frames ?? 0 }
        for index in 0..<input.streamCount where isMedia(input.stream(index)) {
            guard let outcome = outcomes[index] else { continue }
            report.problems += outcome.problems
            report.streams[index].span = outcome.span
            report.streams[index].duration = report.streams[index].duration ?? outcome.span?.presented
            if outcome.frames == 0 {
                report.problems.append("stream \(index) (\(streams[index].type)) holds nothing that can be decoded")
            }
        }
        report.problems += undecoded(input, outcomes)
        if let video, let outcome = outcomes[video], promised > outcome.frames + outcome.leading {
            report.problems.append("\(outcome.frames) of \(promised) promised video frames decoded")
        }
        report.decodedOK = report.problems.isEmpty
        return report
    }

    /// Decodes every picture on this thread, and every sound on another meanwhile: each reads the file once.
    private static func decodeAll(
        _ input: borrowing InputFile, _ cancelled: @escaping @Sendable () -> Bool,
        _ progress: (Double) -> Void, _ inspect: ((PictureLook) -> Void)?
    ) throws(MediaError) -> [Int: StreamDecoding.Outcome] {
        let path = input.path
        let sounds = chosen(AVMEDIA_TYPE_AUDIO, of: input, atMost: MediaPass.maximumSounds)
        let pictures = chosen(AVMEDIA_TYPE_VIDEO, of: input, atMost: MediaPass.maximumPictures)
        let listening = try Ahead<Never, [Int: StreamDecoding.Outcome]>.start(depth: 1) { ahead throws(MediaError) in
            guard !sounds.isEmpty else { return [:] }
            let isOver: @Sendable () -> Bool = { cancelled() || !ahead.isWanted }
            var pass = try MediaPass(path, streams: sounds, cancelled: isOver)
            return try pass.run(isOver, { _ in }, { _ in })
        }
        defer { listening.stop() }
        var outcomes: [Int: StreamDecoding.Outcome] = [:]
        if !pictures.isEmpty {
            let looks = inspect == nil ? nil : pictures.first
            var pass = try MediaPass(path, streams: pictures, looks: looks, cancelled: cancelled)
            outcomes = try pass.run(cancelled, progress, inspect ?? { _ in })
        }
        return outcomes.merging(try listening.summary()) { _, sound in sound }
    }

    /// The streams of a type that are decoded: the one that a player would choose, and others up to the bound.
    private static func chosen(_ type: AVMediaType, of input: borrowing InputFile, atMost bound: Int) -> [Int] {
        var indices: [Int] = []
        let best = input.best(type)
        if let best { indices.append(best) }
        for index in 0..<input.streamCount where index != best && indices.count < bound {
            let stream = input.stream(index)
            if isMedia(stream), stream.pointee.codecpar.pointee.codec_type == type { indices.append(index) }
        }
        return indices
    }

    /// What was left out of a file with very many streams.
    private static func undecoded(
        _ input: borrowing InputFile, _ outcomes: [Int: StreamDecoding.Outcome]
    ) -> [String] {
        var count = 0
        for index in 0..<input.streamCount where isMedia(input.stream(index)) && outcomes[index] == nil { count += 1 }
        guard count > 0 else { return [] }
        return [
            "\(count) more streams of pictures and sound were not decoded: of one file at most "
                + "\(MediaPass.maximumPictures) of pictures and \(MediaPass.maximumSounds) of sound are"
        ]
    }

    private static func isMedia(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
        let type = stream.pointee.codecpar.pointee.codec_type
        let isCover = stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0
        return (type == AVMEDIA_TYPE_VIDEO || type == AVMEDIA_TYPE_AUDIO) && !isCover
    }

    private static func describe(_ stream: UnsafeMutablePointer<AVStream>) -> MediaReport.Stream {
        let parameters = stream.pointee.codecpar.pointee
        var result = MediaReport.Stream(
            type: text(av_get_media_type_string(parameters.codec_type)) ?? "data",
            codec: String(cString: avcodec_get_name(parameters.codec_id)))
        result.profile = text(avcodec_profile_name(parameters.codec_id, parameters.profile))
        if stream.pointee.duration > 0 {
            result.duration = MediaTime.seconds(stream.pointee.duration, stream.pointee.time_base)
        }
        if parameters.codec_type == AVMEDIA_TYPE_VIDEO {
            result.width = Int(parameters.width)
            result.height = Int(parameters.height)
            result.rate = stream.pointee.avg_frame_rate.frameRate
            result.pixelFormat = text(av_get_pix_fmt_name(AVPixelFormat(rawValue: parameters.format)))
            result.colorPrimaries = text(av_color_primaries_name(parameters.color_primaries))
            result.colorTransfer = text(av_color_transfer_name(parameters.color_trc))
            result.colorSpace = text(av_color_space_name(parameters.color_space))
            result.colorRange = text(av_color_range_name(parameters.color_range))
        } else if parameters.codec_type == AVMEDIA_TYPE_AUDIO {
            result.sampleRate = Int(parameters.sample_rate)
            result.channels = Int(parameters.ch_layout.nb_channels)
        }
        return result
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }

    /// libav lists all names of a container family; people say one.
    private static func containerName(_ name: String) -> String {
        let names = name.split(separator: ",").map(String.init)
        return names.contains("mp4") ? "mp4" : names.first ?? name
    }
}
