import Contracts
import Faults

/// The names of all enumerations that are stored with jobs, in every version so far.
enum StoredNames {
    static let agents: Names<ChainAgent> = Names(["agent2": .agent2, "agent4": .agent4])

    static let entries: Names<JobSpec.Entry> = Names(["chain": .chain, "lead": .lead, "fallback": .fallback])

    static let faults: Names<ErrorKind> = Names([
        "parse": .parse, "invalid_request": .invalidRequest, "method_not_found": .methodNotFound,
        "invalid_params": .invalidParams, "internal": .internal, "cancelled": .cancelled, "busy": .busy,
        "timeout": .timeout, "unavailable": .unavailable, "rate_limited": .rateLimited,
        "quota_exhausted": .quotaExhausted, "content_rejected": .contentRejected, "not_found": .notFound,
        "corrupt_media": .corruptMedia, "unauthorized": .unauthorized, "too_large": .tooLarge, "conflict": .conflict,
    ])

    static let backends: Names<StitchBackend> = Names([
        "local": .local, "mediaconvert": .mediaconvert, "auto": .auto,
    ])

    static let modes: Names<StitchMode> = Names(["simple": .simple, "fade": .fade])
    static let fits: Names<ClipFit> = Names(["letterbox": .letterbox, "crop": .crop])
    static let captions: Names<Captions> = Names([
        "none": .none, "sidecar": .sidecar, "soft": .soft, "burned": .burned,
    ])
    static let fittings: Names<NarrationFitting> = Names(["cut": .cut, "extend": .extend, "speed": .speed])
    static let busyPolicies: Names<BusyPolicy> = Names(["wait": .wait, "refuse": .refuse])
    static let imageFailurePolicies: Names<ImageFailurePolicy> = Names(["fail": .fail, "card": .card])
    static let scopes: Names<FallbackScope> = Names(["whole": .whole, "segments": .segments])
    static let hedges: Names<HedgePolicy> = Names(["off": .off, "p95": .p95])
    static let eases: Names<MotionEase> = Names([
        "linear": .linear, "ease_in": .easeIn, "ease_out": .easeOut, "ease_in_out": .easeInOut,
    ])
}
