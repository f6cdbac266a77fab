// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Properties of a clip that decide whether it can be joined without re-encoding.
package struct ClipProperties: Sendable, Equatable {
    /// Number of video frames.
    package let frames: Int
    /// Whether its video is H.264 of the film's size, rate and colours, starting with a key frame.
    package let matchesFilm: Bool
    /// Whether it has an audio stream.
    package let hasSound: Bool

    /// Inspects a clip.
    ///
    /// - Throws: `corruptMedia` for a file without video.
    package init(_ path: String, format: VideoFormat) throws(MediaError) {
        let track = try ClipTrack(path: path, format: format)
        frames = track.frames
        matchesFilm = track.matchesFilm
        hasSound = try InputFile(path, examines: false).best(AVMEDIA_TYPE_AUDIO) != nil
    }
}
