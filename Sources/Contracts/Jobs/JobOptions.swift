// SPDX-License-Identifier: Apache-2.0

/// The options of a job. Each member is optional; the defaults are in `JobDefaults`.
package struct JobOptions: Codable, Sendable, Equatable {
    /// How one clip follows another; `simple` if absent.
    package var mode: StitchMode?
    /// The duration of each cross-fade in seconds, 0 to 5; 0.5 if absent.
    package var fade: Double?
    /// The duration of the fade from black at the film's start in seconds, 0 to 10; 0 if absent.
    package var fadeIn: Double?
    /// The duration of the fade to black at the film's end in seconds, 0 to 10; 0 if absent.
    package var fadeOut: Double?
    /// The camera movement over the stills; `still` if absent.
    package var motion: Motion?
    /// How clips of another aspect ratio are fitted into the film; `letterbox` if absent.
    package var fit: ClipFit?
    /// The width of the film in pixels; 1920 if absent.
    package var width: Int?
    /// The height of the film in pixels; 1080 if absent.
    package var height: Int?
    /// The frame rate of the film in frames per second; 30 if absent.
    package var fps: Double?
    /// One of `imagegen.providers`; the default of `imagegen` if absent.
    package var imageProvider: String?
    /// The number of images drawn concurrently, 1 to 16; 2 if absent.
    package var imageConcurrency: Int?
    /// Where the film is stitched; `UNDERSTUDY_STITCH_BACKEND` if absent, or `local` if that is not set.
    package var stitchBackend: StitchBackend?
    /// How captions are shown; `none` if absent.
    package var captions: Captions?
    /// What happens to a narration that is longer than its segment; `cut` if absent.
    package var fitNarration: NarrationFitting?
    /// The integrated loudness of the film in LUFS, -40 to -5; not changed if absent.
    package var loudness: Double?
    /// The artifact URI of music, in the artifact store, that plays during the whole film.
    package var music: String?
    /// The level of the music in dB relative to its file, -60 to 12; -14 if absent.
    package var musicLevel: Double?
    /// The budget of the job; unlimited if absent.
    package var maxCost: USD?
    /// The total time of Agent5's call in seconds; 1800 if absent.
    package var agent5Timeout: Double?
    /// The longest time in seconds that Agent5 may go without a progress report; 300 if absent.
    package var agent5Stall: Double?
    /// The longest time in seconds until Agent5's first progress report; `agent5_stall_s` if absent.
    package var agent5FirstProgress: Double?
    /// The longest time in seconds that the call of Agent5 may wait for a replica with free capacity;
    /// `agent5_timeout_s` if absent.
    package var agent5Queue: Double?
    /// What happens if another job is using the session's folder; `wait` if absent.
    package var whenBusy: BusyPolicy?
    /// The priority, -100 to 100; jobs with a higher one start first. 0 if absent.
    package var priority: Int?
    /// What happens if a still cannot be drawn; `fail` if absent.
    package var onImageFailure: ImageFailurePolicy?
    /// How much of the film the understudy makes; `whole` if absent.
    package var fallback: FallbackScope?

    /// The share of Agent5's film, or of a segment of it, from which on black or frozen pictures are a fault, 0.05 to
    /// 1; 0.9 if absent.
    package var leadFaultShare: Double?

    /// When stills are prepared while Agent5 is still working; `off` if absent.
    package var hedge: HedgePolicy?
    /// The time in seconds after which stills are prepared while Agent5 is still working. It takes precedence over
    /// `hedge`.
    package var hedgeAfter: Double?
    /// The budget of prepared stills; 0.10 if absent.
    package var hedgeMaxCost: USD?

    /// Creates options that are all absent.
    package init() {}

    /// The names of the options on the wire; a call with any other name is rejected.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case mode, motion, fit, width, height, fps, captions, music, fallback, hedge, priority
        case fade = "fade_s"
        case fadeIn = "fade_in_s"
        case fadeOut = "fade_out_s"
        case musicLevel = "music_level_db"
        case fitNarration = "fit_narration"
        case imageProvider = "image_provider"
        case imageConcurrency = "image_concurrency"
        case stitchBackend = "stitch_backend"
        case loudness = "loudness_lufs"
        case hedgeAfter = "hedge_after_s"
        case hedgeMaxCost = "hedge_max_cost_usd"
        case maxCost = "max_cost_usd"
        case agent5Timeout = "agent5_timeout_s"
        case agent5Stall = "agent5_stall_s"
        case agent5FirstProgress = "agent5_first_progress_s"
        case agent5Queue = "agent5_queue_s"
        case whenBusy = "when_busy"
        case onImageFailure = "on_image_failure"
        case leadFaultShare = "lead_fault_share"
    }
}
