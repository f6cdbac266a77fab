import Contracts
import Faults

/// Something that happened to a job. A job's state is the fold of its events. They are stored in formats of the journal's own
/// (`EventFormat`): a case, or what it holds, may change here as long as the formats are mapped to it.
enum JobEvent: Sendable {
    case started
    /// An agent before the lead is not there, or has nothing to do.
    case agentSkipped(ChainAgent)
    case agentBegun(ChainAgent)
    case agentProgress(ChainAgent, fraction: Double, message: String)
    case agentDone(ChainAgent, AgentResult, startedAt: Timestamp)
    /// - inputsExist: whether what it should have made is there all the same.
    case agentFailed(ChainAgent, ServiceError, inputsExist: Bool, startedAt: Timestamp)
    case loaded(JobPlan)
    case loadFailed(ServiceError)
    case leadProgress(fraction: Double, message: String)
    case leadDelivered(AgentResult, startedAt: Timestamp)
    case leadFailed(ServiceError, startedAt: Timestamp)
    /// The lead was not called: its breaker is open.
    case leadBarred(ServiceError)
    /// What the lead delivered after it was given up.
    case leadLate(AgentResult)
    /// The lead's film has passed its check and is at its place; `seconds` as measured.
    case leadFilmAccepted(video: String, startedAt: Timestamp, seconds: Double? = nil, warnings: [String]? = nil)
    /// Some segments of the lead's film are faulty; the others were cut out of it.
    case leadFilmCut(clips: [AgentClip], bad: [String: ServiceError], warnings: [String], startedAt: Timestamp)
    /// Which of the lead's clips are good; the others with their faults.
    case leadClipsChecked(
        good: [String], bad: [String: ServiceError], startedAt: Timestamp, warnings: [String]? = nil)
    case imageMade(segment: Int, image: GeneratedImage, startedAt: Timestamp)
    /// Only in journals of versions whose jobs repeated a failed still themselves, once.
    case imageFailed(segment: Int, ServiceError, startedAt: Timestamp)
    /// An order of a still came to nothing. `imagegen` owns the retries: the error's `nextAttempt` continues, if there is one.
    case stillFailed(segment: Int, ServiceError, startedAt: Timestamp)
    /// A paid call was stopped, of the lead if there is no segment; the error reports what it has spent for nothing.
    case stopped(segment: Int?, ServiceError, startedAt: Timestamp)
    case clipMade(segment: Int, clip: CreatedClip, startedAt: Timestamp)
    case clipFailed(segment: Int, ServiceError, startedAt: Timestamp)
    /// - trimmed: seconds of the narration that were cut from its end.
    case narrated(segment: Int, startedAt: Timestamp, trimmed: Double? = nil)
    case narrationFailed(segment: Int, ServiceError, startedAt: Timestamp)
    /// - trimmed: by segment, seconds of narrations over the lead's clips that were cut from their ends.
    case stitched(Stitched, startedAt: Timestamp, trimmed: [String: Double]? = nil)
    case stitchFailed(ServiceError, startedAt: Timestamp)
    /// The film decodes and is long enough; what it measures wrong, one sentence each; `seconds` as measured.
    case filmVerified(warnings: [String]?, startedAt: Timestamp, seconds: Double? = nil)
    case filmRejected(ServiceError, startedAt: Timestamp)
    /// The film is not what was promised, and pictures in it were copied from clips: it is stitched again, all encoded.
    case filmSpoiled(ServiceError, startedAt: Timestamp)
    /// The artifact store is full or away: the work waits for it.
    case storeAway(ServiceError)
    case storeBack
    case cancelled
    case retried(RetrySelection)
    /// What is different about segments when they are made the next time.
    case edited([String: SegmentEdit])
    /// The lead takes longer than it should: stills are prepared.
    case hedged
    /// The lead is to make clips of these segments, within a cost, in place of the understudy's.
    case upgradeAsked([String], cost: USD)
    /// The receipt is written, or cannot be; what was decided becomes visible.
    case settled(warning: String?)
}

extension JobEvent {
    /// Whether it is the end of a still, good or bad.
    var isStill: Bool {
        switch self {
        case .imageMade, .imageFailed, .stillFailed: true
        default: false
        }
    }

    /// Whether it is the end of a narration, good or bad.
    var isNarration: Bool {
        switch self {
        case .narrated, .narrationFailed: true
        default: false
        }
    }
}
