import CFFmpeg

/// What a clip is, as far as those need to know who can only join clips.
package struct ClipFacts: Sendable, Equatable {
    /// Frames of its video.
    package let frames: Int
    /// Whether its pictures are H.264 of the film's size, rate and colours, from a key frame on.
    package let isLikeFilm: Bool
    package let hasSound: Bool

    /// - Throws: `corruptMedia` for a file without video.
    package init(_ path: String, format: VideoFormat) throws(MediaError) {
        let track = try ClipTrack(path: path, format: format)
        frames = track.frames
        isLikeFilm = track.isLikeFilm
        hasSound = try InputFile(path, examines: false).best(AVMEDIA_TYPE_AUDIO) != nil
    }
}
