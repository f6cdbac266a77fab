// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

extension JobMachine {
    /// The step that a job is in, with the data that only this step needs. What outlives a run is in `lead`, `understudy` and `record`.
    enum Phase: Sendable {
        /// Waiting for its turn, to make a film or to upgrade the existing one.
        case queued(Upgrade?)
        /// An agent before the lead is working.
        case chain(ChainRun)
        /// The storyboard is being read.
        case loading(since: Timestamp)
        /// The lead is working.
        case lead(LeadRun)
        /// The lead's delivery is being checked.
        case checking(LeadRun, Delivery)
        /// The understudy is making segments.
        case understudy
        /// The film is being stitched.
        case stitching(StitchRun)
        /// The film is being checked.
        case verifying(StitchRun, Film)
        /// The outcome is decided; the receipt is being written.
        case settling(Outcome)
        /// The outcome is visible.
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

        /// The job's outcome; `nil` while it is undecided.
        var outcome: Outcome? {
            switch self {
            case .settling(let outcome), .done(let outcome): outcome
            default: nil
            }
        }

        /// The upgrade that this run makes; `nil` in a run that makes the film.
        var upgrade: Upgrade? {
            switch self {
            case .queued(let upgrade): upgrade
            case .lead(let run), .checking(let run, _): run.upgrade
            case .stitching(let run), .verifying(let run, _): run.upgrade
            default: nil
            }
        }

        /// The film once it is stitched or accepted.
        var film: Film? {
            switch self {
            case .verifying(_, let film): film
            case .settling(let outcome), .done(let outcome): outcome.film
            default: nil
            }
        }
    }

    /// The result of a run.
    enum Outcome: Sendable {
        case finished(Film)
        case failed(ServiceError)
        /// Cancelled; with the film if it was already stitched.
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
