// SPDX-License-Identifier: Apache-2.0

import Contracts
import Logging

/// Starts the hedge, and records how long the lead takes.
extension JobRunner {
    /// Schedules the start of the hedge: after `hedge_after_s`, or with `hedge: p95` after the 95th percentile of the lead's times.
    ///
    /// - Returns: the scheduled task; `nil` if the job has no hedge, or the lead has made fewer than 20 films.
    func scheduleHedge(_ options: JobOptions) async -> Task<Void, Never>? {
        let percentile = options.hedge == .p95 ? try? await leadTimes.leadTime(quantile: 0.95, atLeast: 20) : nil
        guard let seconds = options.hedgeAfter ?? percentile else { return nil }
        return Task {
            // trusted: a bounded option, or a measured time
            try? await Task.sleep(for: .seconds(seconds))
            if !Task.isCancelled { await submit(.hedged) }
        }
    }

    /// Stores how long the lead took for a good film.
    func recordLeadTime() async {
        guard let attempt = machine.attempts.last(where: { $0.agent == .lead && $0.error == nil }),
            let end = attempt.endedAt
        else { return }
        let seconds = Double(end.milliseconds - attempt.startedAt.milliseconds) / 1000
        do {
            try await leadTimes.recordLeadTime(seconds)
        } catch {
            logger.warning("the lead's time cannot be stored", metadata: ["error": "\(error)"])
        }
    }
}
