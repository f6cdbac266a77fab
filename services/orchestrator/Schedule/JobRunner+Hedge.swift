import Contracts
import Logging

/// When the understudy warms up.
extension JobRunner {
    /// Says that the lead takes long, once it does; `nil` where nobody wants to know.
    func hedgeLater(_ options: JobOptions) async -> Task<Void, Never>? {
        let usual = options.hedge == .p95 ? try? await leadTimes.leadTime(quantile: 0.95, atLeast: 20) : nil
        guard let seconds = options.hedgeAfter ?? usual else { return nil }
        return Task {
            // trusted: a bounded option, or a time that was measured
            try? await Task.sleep(for: .seconds(seconds))
            if !Task.isCancelled { await feed(.hedged) }
        }
    }

    /// Remembers how long the lead took for a film that was good.
    func noteLeadTime() async {
        guard let attempt = machine.attempts.last(where: { $0.agent == .lead && $0.error == nil }),
            let end = attempt.endedAt
        else { return }
        let seconds = Double(end.milliseconds - attempt.startedAt.milliseconds) / 1000
        do {
            try await leadTimes.keepLeadTime(seconds)
        } catch {
            logger.warning("the lead's time cannot be kept", metadata: ["error": "\(error)"])
        }
    }
}
