import JSON
package import Parameters

extension JobOptions: Described {
    package static let parameters: [Parameter<JobOptions>] = film + lead + understudy

    private static let film: [Parameter<JobOptions>] = [
        .value("mode", "How one clip follows another.", standard: "simple"),
        .number("fade_s", { $0.fade }, FilmBounds.fade, "Each cross-fade, with the mode fade."),
        .number("fade_in_s", { $0.fadeIn }, FilmBounds.edgeFade, "How long the film comes out of black."),
        .number("fade_out_s", { $0.fadeOut }, FilmBounds.edgeFade, "How long the film goes to black."),
        .value("motion", MotionSchema.description, schema: MotionSchema.schema),
        .value("fit", "What happens to clips of another aspect.", standard: "letterbox"),
        .number("width", { $0.width }, FilmBounds.width, "The film's width."),
        .number("height", { $0.height }, FilmBounds.height, "The film's height."),
        .number("fps", { $0.fps }, FilmBounds.fps, "The film's frame rate."),
        .value("captions", "Where the words are shown.", standard: "none"),
        .value(
            "fit_narration", "What happens to a narration that is longer than its segment.", standard: "cut"),
        .number(
            "loudness_lufs", { $0.loudness }, FilmBounds.loudness,
            "Integrated loudness that the film is brought to; untouched if absent."),
        .value("music", "The artifact URI of music in the store that plays under the whole film."),
        .number("music_level_db", { $0.musicLevel }, FilmBounds.musicLevel, "The music's level, relative to its file."),
    ]

    private static let lead: [Parameter<JobOptions>] = [
        .number("agent5_timeout_s", { $0.agent5Timeout }, JobBounds.agent5Timeout, "What Agent5 may take in all."),
        .number("agent5_stall_s", { $0.agent5Stall }, JobBounds.agent5Stall, "How long Agent5 may be silent."),
        .number(
            "agent5_first_progress_s", { $0.agent5FirstProgress }, JobBounds.wait,
            "How long until Agent5's first progress; as agent5_stall_s if absent."),
        .number(
            "agent5_queue_s", { $0.agent5Queue }, JobBounds.wait,
            "How long the call of Agent5 may wait for a replica with room; as agent5_timeout_s if absent."),
        .value("when_busy", "What happens while another job has the session.", standard: "wait"),
        .number("priority", { $0.priority }, JobBounds.priority, "The job with the higher one is started first."),
        .number(
            "lead_fault_share", { $0.leadFaultShare }, JobBounds.leadFaultShare,
            "The share of Agent5's film, or of a segment of it, from which on black or frozen pictures are a fault."),
    ]

    private static let understudy: [Parameter<JobOptions>] = [
        .value("image_provider", "One of imagegen.providers; imagegen's own default if absent."),
        .number(
            "image_concurrency", { $0.imageConcurrency }, JobBounds.imageConcurrency, "Images drawn concurrently."),
        .value("stitch_backend", "Who joins the clips; as UNDERSTUDY_STITCH_BACKEND says if absent, else local."),
        .number("max_cost_usd", { $0.maxCost }, JobBounds.cost, "The job's budget; without a limit if absent."),
        .value("on_image_failure", "What happens when a still cannot be had.", standard: "fail"),
        .value(
            "fallback", "How much of the film the understudy makes when the lead delivered a part.", standard: "whole"),
        .value("hedge", "When stills are prepared while Agent5 still works.", standard: "off"),
        .number(
            "hedge_after_s", { $0.hedgeAfter }, JobBounds.wait,
            "How long Agent5 works before stills are prepared; takes precedence over hedge."),
        .number(
            "hedge_max_cost_usd", { $0.hedgeMaxCost }, JobBounds.hedgeCost, "What prepared stills may cost in all."),
    ]
}
