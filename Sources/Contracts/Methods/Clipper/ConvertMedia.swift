// SPDX-License-Identifier: Apache-2.0

/// The parameters of `clipper.convert`.
package struct ConvertMedia: Codable, Sendable {
    /// The artifact URI of the film: MP4, QuickTime, Matroska, WebM or MPEG transport stream.
    package var media: String
    /// The artifact URI that the MP4 is written to; may be that of the film.
    package var output: String
    /// The start of the part to convert, in seconds from the film's first frame; 0 if absent.
    package var start: Double?
    /// The duration of the part in seconds; up to the film's end if absent. A part is always encoded.
    package var duration: Double?
    /// The width in pixels; that of the film if absent.
    package var width: Int?
    /// The height in pixels; that of the film if absent.
    package var height: Int?
    /// The frame rate in frames per second; that of the film if absent.
    package var fps: Double?
    /// Whether to encode the pictures even if they could be copied; `false` if absent.
    package var encode: Bool?

    /// Creates a request with its required members; the others are absent.
    package init(media: String, output: String) {
        self.media = media
        self.output = output
    }

    private enum CodingKeys: String, CodingKey {
        case media, output, duration, width, height, fps, encode
        case start = "start_s"
    }
}

/// The result of `clipper.convert`.
package struct ConvertedMedia: Codable, Sendable {
    /// The artifact URI of the MP4.
    package var video: String
    /// The duration of the video in seconds.
    package var duration: Double
    /// Why the pictures were encoded; absent if they were copied.
    package var encodedPictures: String?
    /// Why the sound was encoded; absent if it was copied or there is none.
    package var encodedSound: String?

    /// Creates a result.
    package init(video: String, duration: Double, encodedPictures: String?, encodedSound: String?) {
        self.video = video
        self.duration = duration
        self.encodedPictures = encodedPictures
        self.encodedSound = encodedSound
    }

    private enum CodingKeys: String, CodingKey {
        case video, duration
        case encodedPictures = "encoded_pictures"
        case encodedSound = "encoded_sound"
    }
}
