import JSON
package import Parameters

extension Stitch: Described {
    package static let parameters: [Parameter<Stitch>] = [
        .list("clips", { $0.clips }, StoryboardBounds.segments, of: "clips", "The clips in the film's order."),
        .value("output", "The artifact URI of the film."),
        .value("mode", "How one clip follows another.", standard: "simple"),
        .number("fade_s", { $0.fade }, FilmBounds.fade, "Each cross-fade, with the mode fade."),
        .number("fade_in_s", { $0.fadeIn }, FilmBounds.edgeFade, "How long the film comes out of black."),
        .number("fade_out_s", { $0.fadeOut }, FilmBounds.edgeFade, "How long the film goes to black."),
        .value("fit", "What happens to clips of another aspect.", standard: "letterbox"),
        .value("backend", "Who joins the clips; as UNDERSTUDY_STITCH_BACKEND says if absent, else local."),
        .value(
            "captions",
            "Where the clips' text is shown: sidecar writes .srt and .vtt beside the film, soft a text track too.",
            standard: "none"),
        .number(
            "loudness_lufs", { $0.loudness }, FilmBounds.loudness,
            "Integrated loudness that the film is brought to; untouched if absent."),
        .value("music", "The artifact URI of music that plays under the whole film."),
        .number("music_level_db", { $0.musicLevel }, FilmBounds.musicLevel, "The music's level, relative to its file."),
        .number("width", { $0.width }, FilmBounds.width, "The film's width; clips of another size are scaled."),
        .number("height", { $0.height }, FilmBounds.height, "The film's height; clips of another size are scaled."),
        .number("fps", { $0.fps }, FilmBounds.fps, "The film's frame rate."),
        .value("reencode", "Encode all pictures again, though some could be copied.", standard: false),
    ]
}

extension StitchClip: Described {
    package static let parameters: [Parameter<StitchClip>] = [
        .value("clip", "The artifact URI of the clip."),
        .value("segment_id", "The segment's id: the title of its chapter."),
        .number(
            "duration", { $0.duration }, FilmBounds.duration, "What the segment takes on the film's time line."),
        .value(
            "audio",
            "The artifact URI of the narration; the clip's own audio track if absent, silence if it has none."),
        .number(
            "audio_start_s", { $0.audioStart }, FilmBounds.narrationStart,
            "What is skipped of the narration, where one narration serves many segments."),
        .number(
            "tempo", { $0.tempo }, FilmBounds.tempo,
            "How much faster than recorded the narration is heard, at its pitch."),
        .value("text", "What is spoken: the text of captions."),
    ]
}

extension SetupRole: Described {
    package static let parameters: [Parameter<SetupRole>] = [
        .text(
            "role_name", { $0.roleName }, CloudBounds.roleName, "The role's name.",
            standard: .string(SetupRole.usualName)),
        .text("bucket", { $0.bucket }, CloudBounds.bucket, "The bucket that the role may read and write."),
    ]
}

extension StitchJob: Described {
    package static let parameters: [Parameter<StitchJob>] = [
        .text("job_id", { $0.jobID }, CloudBounds.jobID, "The id of a MediaConvert job.")
    ]
}
