// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// A fact of a job. A job's state is the fold of its events (`JobMachine`).
///
/// Events are stored in the journal's own formats (`EventFormat`), so cases and their values may change here as long as every stored
/// format still maps to them.
enum JobEvent: Sendable {
    /// The job's turn has come.
    case started
    /// An agent before the lead does not run as a service, or its output was passed with the job.
    case agentSkipped(ChainAgent)
    case agentBegun(ChainAgent)
    case agentProgress(ChainAgent, fraction: Double, message: String)
    case agentDone(ChainAgent, AgentResult, startedAt: Timestamp)
    /// An agent before the lead failed. `inputsExist`: whether its output exists from an earlier run.
    case agentFailed(ChainAgent, ServiceError, inputsExist: Bool, startedAt: Timestamp)
    /// The storyboard was read and the narrations were found.
    case loaded(JobPlan)
    case loadFailed(ServiceError)
    case leadProgress(fraction: Double, message: String)
    case leadDelivered(AgentResult, startedAt: Timestamp)
    case leadFailed(ServiceError, startedAt: Timestamp)
    /// The lead was not called because its breaker is open.
    case leadBarred(ServiceError)
    /// The lead delivered after the takeover, or after its call was stopped.
    case leadLate(AgentResult)
    /// The lead's film passed its check and is stored as the job's film. `seconds`: its measured duration.
    case leadFilmAccepted(video: String, startedAt: Timestamp, seconds: Double? = nil, warnings: [String]? = nil)
    /// Some segments of the lead's film are faulty (`bad`, by segment id); the others were cut out of it as `clips`.
    case leadFilmCut(clips: [AgentClip], bad: [String: ServiceError], warnings: [String], startedAt: Timestamp)
    /// The lead's clips were checked. `good`: ids of the usable segments; `bad`: errors of the others, by segment id.
    case leadClipsChecked(
        good: [String], bad: [String: ServiceError], startedAt: Timestamp, warnings: [String]? = nil)
    /// A still was drawn.
    case imageMade(segment: Int, image: GeneratedImage, startedAt: Timestamp)
    /// An attempt at a still failed. Only in journals of versions in which the job itself retried a still once.
    case imageFailed(segment: Int, ServiceError, startedAt: Timestamp)
    /// An attempt at a still failed. `imagegen` decides about retries: the error's `nextAttempt` is set if another attempt is possible.
    case stillFailed(segment: Int, ServiceError, startedAt: Timestamp)
    /// A paid call was stopped: the still of `segment`, or the lead's call if `segment` is `nil`. The error reports what the call cost.
    case stopped(segment: Int?, ServiceError, startedAt: Timestamp)
    case clipMade(segment: Int, clip: CreatedClip, startedAt: Timestamp)
    case clipFailed(segment: Int, ServiceError, startedAt: Timestamp)
    /// The narration of a clip was added. `trimmed`: seconds cut from the end of the narration.
    case narrated(segment: Int, startedAt: Timestamp, trimmed: Double? = nil)
    case narrationFailed(segment: Int, ServiceError, startedAt: Timestamp)
    /// The film was stitched. `trimmed`: seconds cut from the ends of narrations over the lead's clips, by segment id.
    case stitched(StitchedFilm, startedAt: Timestamp, trimmed: [String: Double]? = nil)
    case stitchFailed(ServiceError, startedAt: Timestamp)
    /// The film passed its check. `warnings`: deviating measurements, one sentence each; `seconds`: its measured duration.
    case filmVerified(warnings: [String]?, startedAt: Timestamp, seconds: Double? = nil)
    /// The film failed its check for good.
    case filmRejected(ServiceError, startedAt: Timestamp)
    /// The film failed its check and contains frames copied from clips: it is stitched again with all frames encoded.
    case filmSpoiled(ServiceError, startedAt: Timestamp)
    /// The artifact store is full or unreachable; work waits for it.
    case storeAway(ServiceError)
    /// The artifact store is usable again.
    case storeBack
    case cancelled
    /// A finished job runs again for the selected segments.
    case retried(RetrySelection)
    /// Changes by the user that apply when the segments are made again, by segment id.
    case edited([String: SegmentEdit])
    /// The lead takes longer than the hedge allows: stills are prepared speculatively.
    case hedged
    /// An upgrade was requested: the lead replaces the understudy's clips of these segments, within `cost`.
    case upgradeAsked([String], cost: USD)
    /// The receipt was written, or could not be (`warning`). The job's outcome becomes visible.
    case settled(warning: String?)
}

extension JobEvent {
    /// Whether the event ends an attempt at a still, successful or not.
    var endsStill: Bool {
        switch self {
        case .imageMade, .imageFailed, .stillFailed: true
        default: false
        }
    }

    /// Whether the event ends the narration of a clip, successful or not.
    var endsNarration: Bool {
        switch self {
        case .narrated, .narrationFailed: true
        default: false
        }
    }
}
