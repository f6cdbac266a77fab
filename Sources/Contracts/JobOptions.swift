/// How a job is to be done. Every member may be absent; the defaults are DESIGN's.
package struct JobOptions: Codable, Sendable, Equatable {
    /// `simple` if absent.
    package var mode: StitchMode?
    /// Seconds of each cross-fade, 0 to 5; 0.5 if absent.
    package var fade: Double?
    /// `still` if absent.
    package var motion: Motion?
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
    /// LUFS.
    package var loudness: Double?
    /// The job stops spending here.
    package var maxCost: USD?
    /// Seconds that Agent5 may take in all; 1800 if absent.
    package var agent5Timeout: Double?
    /// Seconds that Agent5 may be silent; 300 if absent.
    package var agent5Stall: Double?
    /// `fail` if absent.
    package var onImageFailure: ImageFailurePolicy?
    /// `whole` if absent.
    package var fallback: FallbackScope?

    package init() {}

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case mode, motion, width, height, fps, captions, fallback
        case fade = "fade_s"
        case imageProvider = "image_provider"
        case imageConcurrency = "image_concurrency"
        case stitchBackend = "stitch_backend"
        case loudness = "loudness_lufs"
        case maxCost = "max_cost_usd"
        case agent5Timeout = "agent5_timeout_s"
        case agent5Stall = "agent5_stall_s"
        case onImageFailure = "on_image_failure"
    }
}

/// What happens when a still cannot be had.
package enum ImageFailurePolicy: String, Codable, Sendable, CaseIterable {
    /// Agent6 fails.
    case fail
    /// A card takes the still's place.
    case card
}

/// How much of the film the understudy makes when the lead delivered a part.
package enum FallbackScope: String, Codable, Sendable, CaseIterable {
    case whole, segments
}
