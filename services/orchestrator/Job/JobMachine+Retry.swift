import Contracts

/// A job that is at its end, run again with all that is still good.
extension JobMachine {
    /// What is chosen is to be made anew when the job's turn comes.
    mutating func retry(_ selection: RetrySelection) {
        reopen()
        changeAll { segment in
            let isChosen =
                switch selection {
                case .failed: segment.clip == nil
                case .all: true
                case .segments(let ids): ids.contains(segment.id)
                }
            isChosen ? segment.reset() : segment.keep()
        }
    }

    /// What the user changed holds from the next time on that a segment is made.
    mutating func edit(_ edits: [String: SegmentEdit]) {
        changeAll { segment in
            guard let edit = edits[segment.id] else { return }
            segment.guidance = edit.prompt ?? segment.guidance
            segment.given = edit.image
            segment.spare = nil
        }
    }

    /// The job waits for its turn once more.
    mutating func reopen() {
        phase = .queued
        outcome = nil
        unsettled = []
        videoURL = nil
        filmDuration = nil
        reencodesFilm = false
        stages = StageClock()
    }
}
