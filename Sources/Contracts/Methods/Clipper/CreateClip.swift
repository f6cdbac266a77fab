// SPDX-License-Identifier: Apache-2.0

/// The parameters of `clipper.create`.
package struct CreateClip: Codable, Sendable {
    /// The artifact URI of a PNG, JPEG, WebP or GIF.
    package var image: String
    /// The duration of the clip in seconds, 0.1 to 3600.
    package var duration: Double
    /// The artifact URI that the clip is written to.
    package var output: String
    /// The camera movement; `still` if absent.
    package var motion: Motion?
    /// The segment's id, from which `ken_burns` derives its movement; the name of the output up to `_clip` if absent.
    package var segmentID: String?
    /// The position of the segment in the film: neighbouring segments alternately zoom in and out. The number at the
    /// end of the segment's id if absent.
    package var position: Int?
    /// The width in pixels; 1920 if absent.
    package var width: Int?
    /// The height in pixels; 1080 if absent.
    package var height: Int?
    /// The frame rate in frames per second; 30 if absent.
    package var fps: Double?
    /// `burned` draws `text` over the pictures; the other values have no effect here.
    package var captions: Captions?
    /// The spoken text.
    package var text: String?
    /// The artifact URI of the narration whose speech times the captions; they are shown for the whole clip if absent.
    package var audio: String?
    /// The time in the narration file at which the segment's narration starts, in seconds; 0 if absent.
    package var audioStart: Double?
    /// The playback speed of the narration as a multiple of the recorded speed, 1 to 2, without changing its pitch; 1
    /// if absent.
    package var tempo: Double?
    /// The duration in seconds of the cross-fade that will be applied at each end. Key frames are placed at its start
    /// and end.
    package var boundary: Double?
    /// The times in seconds of further key frames.
    package var keyFrames: [Double]?
    /// How a clip without motion is coded; `repeated` if absent.
    package var coding: ClipCoding?

    /// Creates a request with its required members; the others are absent.
    package init(image: String, duration: Double, output: String) {
        self.image = image
        self.duration = duration
        self.output = output
    }

    private enum CodingKeys: String, CodingKey {
        case image, duration, output, motion, position, width, height, fps, captions, text, audio, tempo, coding
        case segmentID = "segment_id"
        case audioStart = "audio_start_s"
        case boundary = "boundary_s"
        case keyFrames = "key_frames_s"
    }
}

/// How captions are shown.
package enum Captions: String, Codable, Sendable, CaseIterable {
    /// Not at all.
    case none
    /// As `.srt` and `.vtt` files beside the film.
    case sidecar
    /// As a text track of the film, in addition to the files.
    case soft
    /// Drawn over the pictures.
    case burned
}

/// How the frames of a clip without motion are coded.
package enum ClipCoding: String, Codable, Sendable, CaseIterable {
    /// Frames that repeat the one before take only a few bytes.
    case repeated
    /// Every frame is coded, for players that do not support repeated frames.
    case full
}
