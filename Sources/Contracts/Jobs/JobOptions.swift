/// How a job is to be done. Every member may be absent; the defaults are DESIGN's.
package struct JobOptions: Codable, Sendable, Equatable {
    /// `simple` if absent.
    package var mode: StitchMode?
    /// Seconds of each cross-fade, 0 to 5; 0.5 if absent.
    package var fade: Double?
    /// Seconds over which the film comes out of black, 0 to 10; 0 if absent.
    package var fadeIn: Double?
    /// Seconds over which the film goes to black, 0 to 10; 0 if absent.
    package var fadeOut: Double?
    /// `still` if absent.
    package var motion: Motion?
    /// `letterbox` if absent.
    package var fit: ClipFit?
    /// -> pixels; 1920 if absent.
    package var width: Int?
    /// -> pixels; 1080 if absent.
    package var height: Int?
    /// Frames per second; 30 if absent.
    package var fps: Double?
    /// One of `imagegen.providers`; imagegen's own default if absent.
    package var imageProvider: String?
    /// Images drawn at a time; 2 if absent.
    package var imageConcurrency: Int?
    /// `local` if absent.
    package var stitchBackend: StitchBackend?
    /// `none` if absent.
    package var captions: Captions?
    /// What happens to a narration that is longer than its segment; `cut` if absent.
    package var fitNarration: NarrationFitting?
    /// LUFS, -40 to -5; untouched if absent.
    package var loudness: Double?
    /// The artifact URI of music that plays under the whole film, in the store.
    package var music: String?
    /// dB relative to the file, -60 to 12; -14 if absent.
    package var musicLevel: Double?
    /// The job stops spending here.
    package var maxCost: USD?
    /// Seconds that Agent5 may take in all; 1800 if absent.
    package var agent5Timeout: Double?
    /// Seconds that Agent5 may be silent; 300 if absent.
    package var agent5Stall: Double?
    /// Seconds until Agent5's first progress; as `agent5_stall_s` if absent.
    package var agent5FirstProgress: Double?
    /// Seconds that the call of Agent5 may wait for a replica with room; as long as `agent5_timeout_s` if absent.
    package var agent5Queue: Double?
    /// What happens while another job has the session; `wait` if absent.
    package var whenBusy: BusyPolicy?
    /// -100 to 100; the higher goes first; 0 if absent.
    package var priority: Int?
    /// `fail` if absent.
    package var onImageFailure: ImageFailurePolicy?
    /// `whole` if absent.
    package var fallback: FallbackScope?

    /// The share of Agent5's film, or of a segment of it, from which on black or frozen pictures are a fault, 0.05 to 1; 0.9 if absent.
    package var leadFaultShare: Double?

    /// When stills are prepared while Agent5 still works; never if absent.
    package var hedge: HedgePolicy?
    /// Seconds of Agent5's work after which stills are prepared; comes before `hedge`.
    package var hedgeAfter: Double?
    /// What prepared stills may cost in all; 0.10 if absent.
    package var hedgeMaxCost: USD?

    package init() {}

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

/// What happens when a still cannot be had.
package enum ImageFailurePolicy: String, Codable, Sendable, CaseIterable {
    /// Agent6 fails.
    case fail
    /// A card takes the still's place.
    case card
}

/// What happens to a narration that is longer than its segment.
package enum NarrationFitting: String, Codable, Sendable, CaseIterable {
    /// Its end is cut.
    case cut
    /// The segment lasts as long as its narration.
    case extend
    /// It is spoken up to 1.15 times as fast, at its pitch; what is still too long is cut.
    case speed
}

/// What a job does that finds its session's folder in use by another.
package enum BusyPolicy: String, Codable, Sendable, CaseIterable {
    /// It waits for its turn.
    case wait
    /// It is not started.
    case refuse
}

/// How much of the film the understudy makes when the lead delivered a part.
package enum FallbackScope: String, Codable, Sendable, CaseIterable {
    case whole, segments
}

/// When the understudy warms up.
package enum HedgePolicy: String, Codable, Sendable, CaseIterable {
    case off
    /// When Agent5 takes longer than 19 of 20 of its films took, once it has made 20.
    case p95
}
