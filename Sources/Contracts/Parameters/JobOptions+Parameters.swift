// SPDX-License-Identifier: Apache-2.0

import JSON
package import Parameters

extension JobOptions: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<JobOptions>] = film + lead + understudy

    private static let film: [Parameter<JobOptions>] = [
        .value("mode", "How one clip follows another.", default: "simple"),
        .number("fade_s", { $0.fade }, FilmBounds.fade, "The duration of each cross-fade, with the mode fade."),
        .number(
            "fade_in_s", { $0.fadeIn }, FilmBounds.edgeFade, "The duration of the fade from black at the film's start."),
        .number(
            "fade_out_s", { $0.fadeOut }, FilmBounds.edgeFade, "The duration of the fade to black at the film's end."),
        .motion("motion") { $0.motion },
        .value("fit", "How clips of another aspect ratio are fitted into the film.", default: "letterbox"),
        .number("width", { $0.width }, FilmBounds.width, "The film's width."),
        .number("height", { $0.height }, FilmBounds.height, "The film's height."),
        .number("fps", { $0.fps }, FilmBounds.fps, "The film's frame rate."),
        .value("captions", "How captions are shown.", default: "none"),
        .value(
            "fit_narration", "What happens to a narration that is longer than its segment.", default: "cut"),
        .number(
            "loudness_lufs", { $0.loudness }, FilmBounds.loudness,
            "The integrated loudness of the film; not changed if absent."),
        .value("music", "The artifact URI of music, in the artifact store, that plays during the whole film."),
        .number("music_level_db", { $0.musicLevel }, FilmBounds.musicLevel, "The music's level, relative to its file."),
    ]

    private static let lead: [Parameter<JobOptions>] = [
        .number("agent5_timeout_s", { $0.agent5Timeout }, JobBounds.agent5Timeout, "The total time of Agent5's call."),
        .number(
            "agent5_stall_s", { $0.agent5Stall }, JobBounds.agent5Stall,
            "The longest time that Agent5 may go without a progress report."),
        .number(
            "agent5_first_progress_s", { $0.agent5FirstProgress }, JobBounds.wait,
            "The longest time until Agent5's first progress report; agent5_stall_s if absent."),
        .number(
            "agent5_queue_s", { $0.agent5Queue }, JobBounds.wait,
            "The longest time that the call of Agent5 may wait for a replica with free capacity; agent5_timeout_s if absent."
        ),
        .value("when_busy", "What happens if another job is using the session's folder.", default: "wait"),
        .number("priority", { $0.priority }, JobBounds.priority, "Jobs with a higher priority start first."),
        .number(
            "lead_fault_share", { $0.leadFaultShare }, JobBounds.leadFaultShare,
            "The share of Agent5's film, or of a segment of it, from which on black or frozen pictures are a fault."),
    ]

    private static let understudy: [Parameter<JobOptions>] = [
        .value("image_provider", "One of imagegen.providers; the default of imagegen if absent."),
        .number(
            "image_concurrency", { $0.imageConcurrency }, JobBounds.imageConcurrency,
            "The number of images drawn concurrently."),
        .value(
            "stitch_backend",
            "Where the film is stitched; UNDERSTUDY_STITCH_BACKEND if absent, or local if that is not set."),
        .number("max_cost_usd", { $0.maxCost }, JobBounds.cost, "The budget of the job; unlimited if absent."),
        .value("on_image_failure", "What happens if a still cannot be drawn.", default: "fail"),
        .value(
            "fallback", "How much of the film the understudy makes if the lead delivered only some of the clips.",
            default: "whole"),
        .value("hedge", "When stills are prepared while Agent5 is still working.", default: "off"),
        .number(
            "hedge_after_s", { $0.hedgeAfter }, JobBounds.wait,
            "How long Agent5 works before stills are prepared; takes precedence over hedge."),
        .number(
            "hedge_max_cost_usd", { $0.hedgeMaxCost }, JobBounds.hedgeCost, "The budget of prepared stills."),
    ]
}
