// SPDX-License-Identifier: Apache-2.0

package import Timebase

/// Describes a media file.
package struct MediaReport: Sendable {
    /// Describes one stream.
    package struct Stream: Sendable {
        /// `video`, `audio`, `subtitle` or `data`.
        package var type: String
        /// FFmpeg's name of the codec.
        package var codec: String
        /// FFmpeg's name of the codec's profile.
        package var profile: String?
        /// Duration in seconds, as stated by the container or, if it states none, as measured.
        package var duration: Double?
        /// When the decoded frames are presented; `nil` unless they were decoded.
        package var span: PresentedSpan?
        /// Coded width in pixels, of video.
        package var width: Int?
        /// Coded height in pixels, of video.
        package var height: Int?
        /// Average frame rate, of video.
        package var rate: FrameRate?
        /// FFmpeg's name of the pixel format, of video.
        package var pixelFormat: String?
        /// FFmpeg's name of the colour primaries, of video.
        package var colorPrimaries: String?
        /// FFmpeg's name of the transfer characteristics, of video.
        package var colorTransfer: String?
        /// FFmpeg's name of the colour matrix, of video.
        package var colorSpace: String?
        /// `tv` for the limited range, `pc` for the full range, of video.
        package var colorRange: String?
        /// Sample rate in hertz, of audio.
        package var sampleRate: Int?
        /// Number of channels, of audio.
        package var channels: Int?
        /// Whether a player would choose this stream among those of its type.
        package var isBest = false
    }

    /// FFmpeg's name of the container, such as `mp4`.
    package var container: String
    /// Duration in seconds.
    package var duration: Double
    /// All streams, in the order of the file.
    package var streams: [Stream]
    /// Number of video frames: counted if decoded, else as stated by the container.
    package var frames: Int
    /// Whether every frame decoded; `nil` if decoding was not requested.
    package var decodedOK: Bool?
    /// What does not decode or is missing, one sentence each.
    package var problems: [String]
}
