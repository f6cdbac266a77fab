import JSON
package import Parameters

extension CreateClip: Described {
    package static let parameters: [Parameter<CreateClip>] = [
        .value("image", "The artifact URI of a PNG, JPEG, WebP or GIF."),
        .number("duration", { $0.duration }, FilmBounds.duration, "How long the clip is."),
        .value("output", "The artifact URI that the clip is written to."),
        .value("motion", MotionSchema.description, schema: MotionSchema.schema),
        .value("segment_id", "What ken_burns is chosen by; the output's name, up to _clip, if absent."),
        .value(
            "position",
            "The segment's number in the film: neighbours move in turn into the picture and out of it. The number that the id ends with if absent."
        ),
        .number("width", { $0.width }, FilmBounds.width, "The clip's width."),
        .number("height", { $0.height }, FilmBounds.height, "The clip's height."),
        .number("fps", { $0.fps }, FilmBounds.fps, "The clip's frame rate."),
        .value("captions", "burned draws text over the picture; the others change nothing here.", standard: "none"),
        .value("text", "What is spoken."),
        .value("audio", "The artifact URI of the narration by whose speech captions are timed."),
        .number("audio_start_s", { $0.audioStart }, FilmBounds.narrationStart, "What is skipped of the narration."),
        .number(
            "tempo", { $0.tempo }, FilmBounds.tempo,
            "How much faster than recorded the narration is heard, at its pitch."),
        .number(
            "boundary_s", { $0.boundary }, FilmBounds.fade.withoutStandard,
            "The cross-fade that will be laid over each end: key frames are put where it starts and ends."),
        .numbers(
            "key_frames_s", { $0.keyFrames }, FilmBounds.keyFrames, of: "moments", each: FilmBounds.moment,
            "Further moments that must be key frames."),
        .value("coding", "How the frames of a still are coded.", standard: "repeated"),
    ]
}

extension ReplaceAudio: Described {
    package static let parameters: [Parameter<ReplaceAudio>] = [
        .value("clip", "The artifact URI of the clip."),
        .value("audio", "The artifact URI of the narration."),
        .value("output", "The artifact URI that the result is written to; may be the clip's own."),
        .number(
            "duration", { $0.duration }, FilmBounds.duration, "How much audio; as long as the video if absent."),
        .number(
            "audio_start_s", { $0.audioStart }, FilmBounds.narrationStart,
            "What is skipped of the narration, where one narration serves many segments."),
        .number(
            "tempo", { $0.tempo }, FilmBounds.tempo,
            "How much faster than recorded the narration is heard, at its pitch."),
    ]
}

extension ConvertMedia: Described {
    package static let parameters: [Parameter<ConvertMedia>] = [
        .value("media", "The artifact URI of an MP4, QuickTime, Matroska, WebM or MPEG transport stream."),
        .value("output", "The artifact URI that the MP4 is written to; may be the film's own."),
        .number(
            "start_s", { $0.start }, FilmBounds.stretchStart,
            "Where the stretch begins, counted from the film's first picture."),
        .number(
            "duration", { $0.duration }, FilmBounds.stretch,
            "How long the stretch is; up to the film's end if absent. A stretch is encoded."),
        .number("width", { $0.width }, FilmBounds.width.withoutStandard, "The film's own if absent."),
        .number("height", { $0.height }, FilmBounds.height.withoutStandard, "The film's own if absent."),
        .number("fps", { $0.fps }, FilmBounds.fps.withoutStandard, "The film's own if absent."),
        .value("encode", "Encode the pictures even if they could be copied.", standard: false),
    ]
}

extension ProbeMedia: Described {
    package static let parameters: [Parameter<ProbeMedia>] = [
        .value("media", "The artifact URI of the file."),
        .value(
            "decode", "Decode every frame instead of believing the headers; true if absent, false if absent with sound."
        ),
        .value("report", "Check the file point by point as a film that is delivered.", standard: false),
        .value(
            "sound", "Measure how long the file's sound is as a narration: only its sound is decoded.", standard: false),
        .list(
            "narrations", { $0.narrations }, 0...StoryboardBounds.segments.upperBound, of: "narrations",
            "The narrations that the film was made of, in order: what its sound is compared with."),
        .value(
            "thorough",
            "With report: also measure how much of the film is black, frozen and silent, how much of each narration is heard, and whether the file is an MP4 that players play.",
            standard: false),
    ]
}

extension ProbeNarration: Described {
    package static let parameters: [Parameter<ProbeNarration>] = [
        .value("segment_id", "The segment's id."),
        .number(
            "duration", { $0.duration }, FilmBounds.narrated, "What the segment takes on the film's time line."),
        .value("audio", "The artifact URI of the narration; silence if absent."),
        .number("audio_start_s", { $0.audioStart }, FilmBounds.narrationStart, "What is skipped of the narration."),
        .number(
            "tempo", { $0.tempo }, FilmBounds.tempo, "How much faster than recorded the narration is heard."),
    ]
}
