import CFFmpeg

/// What a media file holds.
package struct MediaReport: Sendable {
    package struct Stream: Sendable {
        /// `video`, `audio`, `subtitle`, `data`.
        package var type: String
        package var codec: String
        package var profile: String?
        /// Seconds.
        package var duration: Double?
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
        try probe(path, decode: decode, cancelled: cancelled, progress: progress) { _ in }
    }

    /// - Parameter inspect: sees each video frame that is decoded.
    static func probe(
        _ path: String, decode: Bool, cancelled: @escaping @Sendable () -> Bool, progress: (Double) -> Void,
        inspect: (borrowing Frame) -> Void
    ) throws(MediaError) -> MediaReport {
        let input = try InputFile(path)
        let streams = (0..<input.streamCount).map { describe(input.stream($0)) }
        var report = MediaReport(
            container: containerName(String(cString: input.context.pointee.iformat.pointee.name)),
            duration: input.duration, streams: streams, frames: 0, decodedOK: nil, problems: [])
        let video = input.best(AVMEDIA_TYPE_VIDEO)
        if let video { report.frames = Int(input.stream(video).pointee.nb_frames) }
        if decode {
            let outcome = try decodeAll(input, path, cancelled, progress, inspect)
            if let video { report.frames = outcome.frames[video] }
            report.problems = outcome.problems
            for index in 0..<input.streamCount where isMedia(input.stream(index)) && outcome.frames[index] == 0 {
                report.problems.append("stream \(index) (\(streams[index].type)) holds nothing that can be decoded")
            }
            if let video {
                let promised = input.stream(video).pointee.nb_frames
                if promised > outcome.frames[video] {
                    report.problems.append("\(outcome.frames[video]) of \(promised) promised video frames decoded")
                }
            }
            report.decodedOK = report.problems.isEmpty
        }
        return report
    }

    private struct Outcome: Sendable {
        var frames = 0
        var problems: [String] = []
    }

    /// Decodes every picture on this thread, and every sound on another meanwhile; one decoder at a time each.
    private static func decodeAll(
        _ input: borrowing InputFile, _ path: String, _ cancelled: @escaping @Sendable () -> Bool,
        _ progress: (Double) -> Void, _ inspect: (borrowing Frame) -> Void
    ) throws(MediaError) -> (frames: [Int], problems: [String]) {
        let types = (0..<input.streamCount).map { index in
            isMedia(input.stream(index)) ? input.stream(index).pointee.codecpar.pointee.codec_type : AVMEDIA_TYPE_DATA
        }
        let sounds = try Ahead<Never, [Int: Outcome]>.start(depth: 1) { ahead throws(MediaError) in
            var outcomes: [Int: Outcome] = [:]
            for index in types.indices where types[index] == AVMEDIA_TYPE_AUDIO {
                outcomes[index] = try decode(
                    index, path, { cancelled() || !ahead.isWanted }, { _ in }, { _ in })
            }
            return outcomes
        }
        defer { sounds.stop() }
        var outcomes: [Int: Outcome] = [:]
        for index in types.indices where types[index] == AVMEDIA_TYPE_VIDEO {
            outcomes[index] = try decode(index, path, cancelled, progress, inspect)
        }
        for (index, outcome) in try sounds.summary() { outcomes[index] = outcome }
        return (
            types.indices.map { outcomes[$0]?.frames ?? 0 }, types.indices.flatMap { outcomes[$0]?.problems ?? [] }
        )
    }

    private static func decode(
        _ index: Int, _ path: String, _ cancelled: () -> Bool, _ progress: (Double) -> Void,
        _ inspect: (borrowing Frame) -> Void
    ) throws(MediaError) -> Outcome {
        let file = try InputFile(path)
        guard index < file.streamCount else { return Outcome() }
        let decoder = try Decoder(stream: file.stream(index), file: path, threads: 2)
        let packet = try Packet()
        let frame = try Frame()
        var outcome = Outcome()
        var broken = 0
        func drain() throws(MediaError) {
            while true {
                if cancelled() { throw MediaError(.cancelled, "cancelled") }
                switch decoder.receive(frame) {
                case .frame:
                    if frame.pointer.pointee.decode_error_flags != 0
                        || frame.pointer.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0
                    {
                        broken += 1
                    }
                    outcome.frames += 1
                    if frame.width > 0 { inspect(frame) }
                    frame.unreference()
                case .broken: broken += 1
                case .needsInput, .end: return
                }
            }
        }
        do throws(MediaError) {
            while try file.read(packet) {
                guard packet.pointer.pointee.stream_index == Int32(index) else { continue }
                if try !decoder.send(packet) { broken += 1 }
                try drain()
                if outcome.frames % 64 == 0, let share = share(of: packet, in: file, index) { progress(share) }
            }
        } catch  where error.kind != .cancelled {
            outcome.problems.append(error.message)
        }
        decoder.finish()
        try drain()
        if broken > 0 {
            let type = describe(file.stream(index)).type
            outcome.problems.append("stream \(index) (\(type)): \(broken) packets or frames do not decode")
        }
        return outcome
    }

    private static func share(of packet: borrowing Packet, in file: borrowing InputFile, _ index: Int) -> Double? {
        let base = file.stream(index).pointee.time_base
        guard file.duration > 0, packet.pointer.pointee.pts != us_no_pts else { return nil }
        return min(Double(packet.pointer.pointee.pts) * Double(base.num) / Double(base.den) / file.duration, 1)
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
            let base = stream.pointee.time_base
            result.duration = Double(stream.pointee.duration) * Double(base.num) / Double(base.den)
        }
        if parameters.codec_type == AVMEDIA_TYPE_VIDEO {
            result.width = Int(parameters.width)
            result.height = Int(parameters.height)
            let rate = stream.pointee.avg_frame_rate
            if rate.num > 0, rate.den > 0 { result.rate = FrameRate(Int(rate.num), Int(rate.den)) }
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
