// SPDX-License-Identifier: Apache-2.0

import JSON
package import Parameters

extension CreateClip: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<CreateClip>] = [
        .value("image", "The artifact URI of a PNG, JPEG, WebP or GIF."),
        .number("duration", { $0.duration }, FilmBounds.duration, "The duration of the clip."),
        .value("output", "The artifact URI that the clip is written to."),
        .motion("motion") { $0.motion },
        .value(
            "segment_id",
            "The segment's id, from which ken_burns derives its movement; the name of the output up to _clip if absent."
        ),
        .value(
            "position",
            "The position of the segment in the film: neighbouring segments alternately zoom in and out. The number at the end of the segment's id if absent."
        ),
        .number("width", { $0.width }, FilmBounds.width, "The clip's width."),
        .number("height", { $0.height }, FilmBounds.height, "The clip's height."),
        .number("fps", { $0.fps }, FilmBounds.fps, "The clip's frame rate."),
        .value(
            "captions", "burned draws text over the pictures; the other values have no effect here.", default: "none"),
        .value("text", "The spoken text."),
        .value("audio", "The artifact URI of the narration whose speech times the captions."),
        .number(
            "audio_start_s", { $0.audioStart }, FilmBounds.narrationStart,
            "The time in the narration file at which the segment's narration starts."),
        .number(
            "tempo", { $0.tempo }, FilmBounds.tempo,
            "The playback speed of the narration as a multiple of the recorded speed, without changing its pitch."),
        .number(
            "boundary_s", { $0.boundary }, FilmBounds.fade.withoutDefault,
            "The duration of the cross-fade that will be applied at each end. Key frames are placed at its start and end."
        ),
        .numbers(
            "key_frames_s", { $0.keyFrames }, FilmBounds.keyFrames, of: "key frames", each: FilmBounds.clipTime,
            "The times of further key frames."),
        .value("coding", "How a clip without motion is coded.", default: "repeated"),
    ]
}

extension ReplaceAudio: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<ReplaceAudio>] = [
        .value("clip", "The artifact URI of the clip."),
        .value("audio", "The artifact URI of the narration."),
        .value("output", "The artifact URI that the result is written to; may be that of the clip."),
        .number(
            "duration", { $0.duration }, FilmBounds.duration, "The duration of the audio; that of the video if absent."),
        .number(
            "audio_start_s", { $0.audioStart }, FilmBounds.narrationStart,
            "The time in the narration file at which the segment's narration starts, if several segments share one narration."
        ),
        .number(
            "tempo", { $0.tempo }, FilmBounds.tempo,
            "The playback speed of the narration as a multiple of the recorded speed, without changing its pitch."),
    ]
}

extension ConvertMedia: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<ConvertMedia>] = [
        .value("media", "The artifact URI of an MP4, QuickTime, Matroska, WebM or MPEG transport stream."),
        .value("output", "The artifact URI that the MP4 is written to; may be that of the film."),
        .number(
            "start_s", { $0.start }, FilmBounds.partStart,
            "The start of the part, from the film's first frame."),
        .number(
            "duration", { $0.duration }, FilmBounds.partDuration,
            "The duration of the part; up to the film's end if absent. A part is always encoded."),
        .number("width", { $0.width }, FilmBounds.width.withoutDefault, "The width; that of the film if absent."),
        .number("height", { $0.height }, FilmBounds.height.withoutDefault, "The height; that of the film if absent."),
        .number("fps", { $0.fps }, FilmBounds.fps.withoutDefault, "The frame rate; that of the film if absent."),
        .value("encode", "Encode the pictures even if they could be copied.", default: false),
    ]
}

extension ProbeMedia: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<ProbeMedia>] = [
        .value("media", "The artifact URI of the file."),
        .value(
            "decode", "Decode every frame instead of trusting the headers; true if absent, false if absent with sound."
        ),
        .value("report", "Check the file as a film to be delivered.", default: false),
        .value(
            "sound", "Measure the duration of the file's sound as a narration. Only the sound is decoded.",
            default: false),
        .list(
            "narrations", { $0.narrations }, 0...StoryboardBounds.segments.upperBound, of: "narrations",
            "The narrations that the film should contain, in order; its sound is compared with them."),
        .value(
            "thorough",
            "With report: also measure how much of the film is black, frozen or silent, how much of each narration is audible, and whether the file is an MP4 that common players can play.",
            default: false),
    ]
}

extension ProbeNarration: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<ProbeNarration>] = [
        .value("segment_id", "The segment's id."),
        .number(
            "duration", { $0.duration }, FilmBounds.narratedSegment,
            "The duration of the segment on the film's time line."),
        .value("audio", "The artifact URI of the narration; silence if absent."),
        .number(
            "audio_start_s", { $0.audioStart }, FilmBounds.narrationStart,
            "The time in the narration file at which the segment's narration starts."),
        .number(
            "tempo", { $0.tempo }, FilmBounds.tempo,
            "The playback speed of the narration as a multiple of the recorded speed."),
    ]
}
