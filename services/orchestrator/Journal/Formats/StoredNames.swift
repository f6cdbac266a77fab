// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// The stored names of all enumerations in events and specifications. They are the same in every version.
enum StoredNames {
    static let agents: NameTable<ChainAgent> = NameTable(["agent2": .agent2, "agent4": .agent4])

    static let entries: NameTable<JobSpec.Entry> = NameTable(["chain": .chain, "lead": .lead, "fallback": .fallback])

    static let faults: NameTable<ErrorKind> = NameTable([
        "parse": .parse, "invalid_request": .invalidRequest, "method_not_found": .methodNotFound,
        "invalid_params": .invalidParams, "internal": .internal, "cancelled": .cancelled, "busy": .busy,
        "timeout": .timeout, "unavailable": .unavailable, "rate_limited": .rateLimited,
        "quota_exhausted": .quotaExhausted, "content_rejected": .contentRejected, "not_found": .notFound,
        "corrupt_media": .corruptMedia, "unauthorized": .unauthorized, "too_large": .tooLarge, "conflict": .conflict,
    ])

    static let backends: NameTable<StitchBackend> = NameTable([
        "local": .local, "mediaconvert": .mediaconvert, "auto": .auto,
    ])

    static let modes: NameTable<StitchMode> = NameTable(["simple": .simple, "fade": .fade])
    static let fits: NameTable<ClipFit> = NameTable(["letterbox": .letterbox, "crop": .crop])
    static let captions: NameTable<Captions> = NameTable([
        "none": .none, "sidecar": .sidecar, "soft": .soft, "burned": .burned,
    ])
    static let fittings: NameTable<NarrationFitting> = NameTable(["cut": .cut, "extend": .extend, "speed": .speed])
    static let busyPolicies: NameTable<BusyPolicy> = NameTable(["wait": .wait, "refuse": .refuse])
    static let imageFailurePolicies: NameTable<ImageFailurePolicy> = NameTable(["fail": .fail, "card": .card])
    static let scopes: NameTable<FallbackScope> = NameTable(["whole": .whole, "segments": .segments])
    static let hedges: NameTable<HedgePolicy> = NameTable(["off": .off, "p95": .p95])
    static let eases: NameTable<MotionEase> = NameTable([
        "linear": .linear, "ease_in": .easeIn, "ease_out": .easeOut, "ease_in_out": .easeInOut,
    ])
}
