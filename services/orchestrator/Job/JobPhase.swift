import Contracts
import Faults

extension JobMachine {
    /// Where a job is, with what only this part of its run needs. What outlives a run is the machines' and the record's.
    enum Phase: Sendable {
        /// Waits for its turn, to make a film or to upgrade the one that it has.
        case queued(Upgrade?)
        /// An agent before the lead works.
        case chain(ChainRun)
        /// The storyboard is read.
        case loading(since: Timestamp)
        /// The lead works.
        case lead(LeadRun)
        /// What the lead delivered is checked.
        case checking(LeadRun, Delivery)
        /// The understudy makes segments.
        case understudy
        case stitching(StitchRun)
        /// The film is checked.
        case verifying(StitchRun, Film)
        /// Decided, but the receipt is not yet written.
        case settling(Outcome)
        case done(Outcome)

        /// A phase without its data.
        enum Kind: Sendable {
            case queued, chain, loading, lead, checking, understudy, stitching, verifying, settling, done
        }

        var kind: Kind {
            switch self {
            case .queued: .queued
            case .chain: .chain
            case .loading: .loading
            case .lead: .lead
            case .checking: .checking
            case .understudy: .understudy
            case .stitching: .stitching
            case .verifying: .verifying
            case .settling: .settling
            case .done: .done
            }
        }

        /// What the job was decided to come to; `nil` while it is not decided.
        var outcome: Outcome? {
            switch self {
            case .settling(let outcome), .done(let outcome): outcome
            default: nil
            }
        }

        /// The upgrade that the job works on, or waits to work on.
        var upgrade: Upgrade? {
            switch self {
            case .queued(let upgrade): upgrade
            case .lead(let run), .checking(let run, _): run.upgrade
            case .stitching(let run), .verifying(let run, _): run.upgrade
            default: nil
            }
        }

        /// The film, from the moment that it is stitched.
        var film: Film? {
            switch self {
            case .verifying(_, let film): film
            case .settling(let outcome), .done(let outcome): outcome.film
            default: nil
            }
        }
    }

    /// What a job comes to.
    enum Outcome: Sendable {
        case finished(Film)
        case failed(ServiceError)
        /// With the film whose check was cancelled, if it had come that far.
        case cancelled(Film?)

        var film: Film? {
            switch self {
            case .finished(let film): film
            case .failed: nil
            case .cancelled(let film): film
            }
        }

        var state: JobState {
            switch self {
            case .finished: .finished
            case .failed: .error
            case .cancelled: .cancelled
            }
        }
    }
}
