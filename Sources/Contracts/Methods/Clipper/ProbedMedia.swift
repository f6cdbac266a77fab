// SPDX-License-Identifier: Apache-2.0

/// The result of `clipper.probe`.
package struct ProbedMedia: Codable, Sendable {
    /// The name of the container format, such as `mp4`.
    package var container: String
    /// The duration in seconds.
    package var duration: Double
    /// The streams of the file.
    package var streams: [ProbedStream]
    /// The number of video frames: counted if the file was decoded, otherwise from the container.
    package var frames: Int
    /// Whether every frame decoded without an error; absent if the file was not decoded.
    package var decodedOK: Bool?
    /// What is wrong with the file, one sentence each.
    package var problems: [String]
    /// The results of the checks; present if `report` was requested.
    package var report: DeliveryReport?
    /// The duration in seconds of the sound as a narration; present if `sound` was requested.
    package var soundDuration: Double?

    /// Creates a result without `report` and `soundDuration`.
    package init(
        container: String, duration: Double, streams: [ProbedStream], frames: Int, decodedOK: Bool?, problems: [String]
    ) {
        self.container = container
        self.duration = duration
        self.streams = streams
        self.frames = frames
        self.decodedOK = decodedOK
        self.problems = problems
    }

    private enum CodingKeys: String, CodingKey {
        case container, duration, streams, frames, problems, report
        case decodedOK = "decoded_ok"
        case soundDuration = "sound_s"
    }
}

/// A stream of a media file.
package struct ProbedStream: Codable, Sendable {
    /// `video`, `audio`, `subtitle` or another type.
    package var type: String
    /// The name of the codec in libavcodec, such as `h264`.
    package var codec: String
    /// The name of the codec's profile in libavcodec.
    package var profile: String?
    /// The duration in seconds: from the container, or measured if the container has none.
    package var duration: Double?
    /// The presentation time of the first decoded frame in seconds; absent if no frames were decoded.
    package var start: Double?
    /// The time in seconds at which the last decoded frame ends; absent if no frames were decoded.
    package var end: Double?
    /// The duration in seconds of the decoded sound, or from `start` to `end` for video.
    package var presented: Double?
    /// `true` for the stream of its type that a player presents; absent for the others.
    package var isPresented: Bool?
    /// The width in pixels.
    package var width: Int?
    /// The height in pixels.
    package var height: Int?
    /// The frame rate in frames per second as a fraction, such as `30/1`.
    package var rate: String?
    /// The name of the pixel format in libavutil, such as `yuv420p`.
    package var pixelFormat: String?
    /// The name of the colour primaries in libavutil, such as `bt709`.
    package var colorPrimaries: String?
    /// The name of the transfer characteristics in libavutil.
    package var colorTransfer: String?
    /// The name of the matrix coefficients in libavutil.
    package var colorSpace: String?
    /// The name of the colour range in libavutil: `tv` or `pc`.
    package var colorRange: String?
    /// The sample rate in hertz.
    package var sampleRate: Int?
    /// The number of audio channels.
    package var channels: Int?

    /// Creates a stream with its required members; the others are absent.
    package init(type: String, codec: String) {
        self.type = type
        self.codec = codec
    }

    private enum CodingKeys: String, CodingKey {
        case type, codec, profile, duration, width, height, channels
        case start = "start_s"
        case end = "end_s"
        case presented = "presented_s"
        case isPresented = "is_presented"
        case rate = "fps"
        case pixelFormat = "pixel_format"
        case colorPrimaries = "color_primaries"
        case colorTransfer = "color_transfer"
        case colorSpace = "color_space"
        case colorRange = "color_range"
        case sampleRate = "sample_rate"
    }
}
