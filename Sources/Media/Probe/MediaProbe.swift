// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Inspects media files.
///
/// ```swift
/// let report = try MediaProbe.probe("/tmp/film.mp4", decode: true)
/// if report.decodedOK == false { throw MediaError(.corruptMedia, report.problems.joined(separator: "; ")) }
/// ```
package enum MediaProbe {
    /// Inspects a file.
    ///
    /// - Parameters:
    ///   - path: Path of the file.
    ///   - decode: Whether to decode every frame of all sound and pictures, instead of trusting the headers.
    ///   - cancelled: Polled during all work.
    ///   - progress: Called with the completed fraction, 0 to 1, while decoding.
    /// - Throws: `notFound` or `corruptMedia` if the file cannot be opened; `timeout`; `cancelled`.
    package static func probe(
        _ path: String, decode: Bool, cancelled: @escaping @Sendable () -> Bool = { false },
        progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> MediaReport {
        try probe(path, decode: decode, cancelled: cancelled, progress: progress, onThumbnail: nil)
    }

    /// - Parameter onThumbnail: Called with a thumbnail of each decoded picture.
    static func probe(
        _ path: String, decode: Bool, cancelled: @escaping @Sendable () -> Bool, progress: (Double) -> Void,
        onThumbnail: ((LumaThumbnail) -> Void)?
    ) throws(MediaError) -> MediaReport {
        let input = try InputFile(path, cancelled: cancelled)
        let streams = (0..<input.streamCount).map { describe(input.stream($0)) }
        var report = MediaReport(
            container: containerName(String(cString: input.context.pointee.iformat.pointee.name)),
            duration: input.duration, streams: streams, frames: 0, decodedOK: nil, problems: [])
        let video = input.best(AVMEDIA_TYPE_VIDEO)
        for index in [video, input.best(AVMEDIA_TYPE_AUDIO)] { if let index { report.streams[index].isBest = true } }
        let declared = video.map { input.declaredFrames($0) } ?? 0
        report.frames = declared
        guard decode else { return report }
        let limit = ProbeTimeLimit(path, duration: input.duration)
        let outcomes = try limit.run(fileName(path), cancelled) { shouldStop throws(MediaError) in
            try decodeAll(input, shouldStop, progress, onThumbnail)
        }
        if let video { report.frames = outcomes[video]?.frames ?? 0 }
        for index in 0..<input.streamCount where isMedia(input.stream(index)) {
            guard let outcome = outcomes[index] else { continue }
            report.problems += outcome.problems
            report.streams[index].span = outcome.span
            report.streams[index].duration = report.streams[index].duration ?? outcome.span?.presented
            if outcome.frames == 0 {
                report.problems.append("stream \(index) (\(streams[index].type)) contains nothing that can be decoded")
            }
        }
        report.problems += undecoded(input, outcomes)
        if let video, let outcome = outcomes[video], declared > outcome.frames + outcome.leading {
            report.problems.append("\(outcome.frames) of \(declared) declared video frames decoded")
        }
        report.decodedOK = report.problems.isEmpty
        return report
    }

    /// Decodes all pictures on this thread and all sound on another. Each reads the file once.
    private static func decodeAll(
        _ input: borrowing InputFile, _ cancelled: @escaping @Sendable () -> Bool,
        _ progress: (Double) -> Void, _ onThumbnail: ((LumaThumbnail) -> Void)?
    ) throws(MediaError) -> [Int: StreamDecoder.Outcome] {
        let path = input.path
        let sounds = chosen(AVMEDIA_TYPE_AUDIO, of: input, atMost: MediaPass.maximumSounds)
        let pictures = chosen(AVMEDIA_TYPE_VIDEO, of: input, atMost: MediaPass.maximumPictures)
        let audioProducer = try PrefetchingProducer<Never, [Int: StreamDecoder.Outcome]>.start(depth: 1) {
            producer throws(MediaError) in
            guard !sounds.isEmpty else { return [:] }
            let shouldStop: @Sendable () -> Bool = { cancelled() || !producer.hasConsumer }
            var pass = try MediaPass(path, streams: sounds, cancelled: shouldStop)
            return try pass.run(shouldStop, { _ in }, { _ in })
        }
        defer { audioProducer.stop() }
        var outcomes: [Int: StreamDecoder.Outcome] = [:]
        if !pictures.isEmpty {
            let thumbnailStream = onThumbnail == nil ? nil : pictures.first
            var pass = try MediaPass(path, streams: pictures, thumbnailStream: thumbnailStream, cancelled: cancelled)
            outcomes = try pass.run(cancelled, progress, onThumbnail ?? { _ in })
        }
        return outcomes.merging(try audioProducer.summary()) { _, sound in sound }
    }

    /// The streams of a type to decode: the one that a player would choose, then others up to the limit.
    private static func chosen(_ type: AVMediaType, of input: borrowing InputFile, atMost limit: Int) -> [Int] {
        var indices: [Int] = []
        let best = input.best(type)
        if let best { indices.append(best) }
        for index in 0..<input.streamCount where index != best && indices.count < limit {
            let stream = input.stream(index)
            if isMedia(stream), stream.pointee.codecpar.pointee.codec_type == type { indices.append(index) }
        }
        return indices
    }

    /// Reports the streams that were not decoded because the file has too many.
    private static func undecoded(
        _ input: borrowing InputFile, _ outcomes: [Int: StreamDecoder.Outcome]
    ) -> [String] {
        var count = 0
        for index in 0..<input.streamCount where isMedia(input.stream(index)) && outcomes[index] == nil { count += 1 }
        guard count > 0 else { return [] }
        return [
            "\(count) \(count == 1 ? "stream was" : "streams were") skipped: at most \(MediaPass.maximumPictures) video and "
                + "\(MediaPass.maximumSounds) audio streams are decoded per file"
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

    /// libav lists all names of a container family. Reports use one.
    private static func containerName(_ name: String) -> String {
        let names = name.split(separator: ",").map(String.init)
        return names.contains("mp4") ? "mp4" : names.first ?? name
    }
}
