// SPDX-License-Identifier: Apache-2.0

import JSON
package import Parameters

extension StitchFilm: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<StitchFilm>] = [
        .list("clips", { $0.clips }, StoryboardBounds.segments, of: "clips", "The clips in the film's order."),
        .value("output", "The artifact URI of the film."),
        .value("mode", "How one clip follows another.", default: "simple"),
        .number("fade_s", { $0.fade }, FilmBounds.fade, "The duration of each cross-fade, with the mode fade."),
        .number(
            "fade_in_s", { $0.fadeIn }, FilmBounds.edgeFade, "The duration of the fade from black at the film's start."),
        .number(
            "fade_out_s", { $0.fadeOut }, FilmBounds.edgeFade, "The duration of the fade to black at the film's end."),
        .value("fit", "How clips of another aspect ratio are fitted into the film.", default: "letterbox"),
        .value(
            "backend", "Where the film is stitched; UNDERSTUDY_STITCH_BACKEND if absent, or local if that is not set."),
        .value(
            "captions",
            "How the clips' text is shown: sidecar writes .srt and .vtt files beside the film, soft a text track as well.",
            default: "none"),
        .number(
            "loudness_lufs", { $0.loudness }, FilmBounds.loudness,
            "The integrated loudness of the film; not changed if absent."),
        .value("music", "The artifact URI of music that plays during the whole film."),
        .number("music_level_db", { $0.musicLevel }, FilmBounds.musicLevel, "The music's level, relative to its file."),
        .number("width", { $0.width }, FilmBounds.width, "The film's width; clips of another size are scaled."),
        .number("height", { $0.height }, FilmBounds.height, "The film's height; clips of another size are scaled."),
        .number("fps", { $0.fps }, FilmBounds.fps, "The film's frame rate."),
        .value("reencode", "Encode all pictures again, though some could be copied.", default: false),
    ]
}

extension StitchClip: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<StitchClip>] = [
        .value("clip", "The artifact URI of the clip."),
        .value("segment_id", "The segment's id."),
        .number(
            "duration", { $0.duration }, FilmBounds.duration, "The duration of the segment on the film's time line."),
        .value(
            "audio",
            "The artifact URI of the narration; the clip's own audio track if absent, silence if it has none."),
        .number(
            "audio_start_s", { $0.audioStart }, FilmBounds.narrationStart,
            "The time in the narration file at which the segment's narration starts, if several segments share one narration."
        ),
        .number(
            "tempo", { $0.tempo }, FilmBounds.tempo,
            "The playback speed of the narration as a multiple of the recorded speed, without changing its pitch."),
        .value("text", "The spoken text, shown as captions."),
        .value(
            "title",
            "The title of the segment's chapter; the first words of the text if absent, or the segment's id if both are absent."
        ),
    ]
}

extension SetupRole: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<SetupRole>] = [
        .text(
            "role_name", { $0.roleName }, CloudBounds.roleName, "The role's name.",
            default: .string(SetupRole.defaultName)),
        .text("bucket", { $0.bucket }, CloudBounds.bucket, "The bucket that the role may read and write."),
    ]
}

extension StitchJobReference: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<StitchJobReference>] = [
        .text("job_id", { $0.jobID }, CloudBounds.jobID, "The id of a MediaConvert job.")
    ]
}
