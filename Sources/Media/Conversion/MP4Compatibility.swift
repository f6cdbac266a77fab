// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Determines which files can be delivered as a film, and which of their streams can be copied to an MP4.
enum MP4Compatibility {
    /// The sample entry of HEVC whose parameter sets may be among its pictures, as a little-endian number.
    private static let hev1: UInt32 = 0x3176_6568

    /// Why a file is not an MP4 that players support: another container or brand, fragments, or a codec that is not
    /// widely supported.
    ///
    /// - Returns: `nil` if players support the file.
    static func obstacle(_ path: String) throws(MediaError) -> String? {
        let input = try InputFile(path)
        let name = String(cString: input.context.pointee.iformat.pointee.name)
        guard name.split(separator: ",").contains("mp4") else {
            return "its container is \(name.split(separator: ",").first ?? "unknown")"
        }
        if brand(input) == "qt  " { return "its container is QuickTime" }
        if ContainerCheck.topLevelBoxes(path).contains("moof") { return "it is fragmented" }
        guard let video = input.best(AVMEDIA_TYPE_VIDEO) else { return "it contains no video" }
        if let obstacle = videoObstacle(input.stream(video)) { return obstacle }
        if try InterlaceCheck.isInterlaced(path, stream: video) { return interlaced }
        // Apple's players support HEVC under its other name only.
        if input.stream(video).pointee.codecpar.pointee.codec_tag == hev1 {
            return "its HEVC track is tagged hev1 instead of hvc1"
        }
        if let audio = input.best(AVMEDIA_TYPE_AUDIO) { return audioObstacle(input.stream(audio)) }
        return nil
    }

    /// Browsers show both fields at the same time.
    static let interlaced = "it is interlaced"

    /// Why the pictures of a stream cannot be copied, as far as its header states; `nil` if they can.
    static func videoObstacle(_ stream: UnsafeMutablePointer<AVStream>) -> String? {
        let parameters = stream.pointee.codecpar.pointee
        let codec = String(cString: avcodec_get_name(parameters.codec_id))
        var formats = [AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ420P]
        switch parameters.codec_id {
        case AV_CODEC_ID_H264: break
        case AV_CODEC_ID_HEVC, AV_CODEC_ID_AV1: formats.append(AV_PIX_FMT_YUV420P10LE)
        default: return "its pictures are coded as \(codec)"
        }
        guard formats.contains(where: { $0.rawValue == parameters.format }) else {
            let format = av_get_pix_fmt_name(AVPixelFormat(rawValue: parameters.format))
            return "its pixels are \(format.map { String(cString: $0) } ?? "unknown")"
        }
        return nil
    }

    /// Why the sound of a stream cannot be copied; `nil` if it can.
    static func audioObstacle(_ stream: UnsafeMutablePointer<AVStream>) -> String? {
        let id = stream.pointee.codecpar.pointee.codec_id
        guard id != AV_CODEC_ID_AAC, id != AV_CODEC_ID_MP3 else { return nil }
        return "its sound is coded as \(String(cString: avcodec_get_name(id)))"
    }

    private static func brand(_ input: borrowing InputFile) -> String? {
        let entry = av_dict_get(input.context.pointee.metadata, "major_brand", nil, 0)
        return entry.flatMap { $0.pointee.value }.map { String(cString: $0) }
    }
}
