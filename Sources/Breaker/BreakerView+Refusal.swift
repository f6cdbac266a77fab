package import Contracts
package import Faults

extension BreakerView {
    /// What the names of image providers' breakers begin with: `imagegen/openai`.
    package static let imagePrefix = "imagegen/"

    /// The error of a call that an open breaker does not let through: `unavailable`, it names the breaker and says when it probes.
    package var refusal: ServiceError {
        let reason =
            if forced {
                "is held open by hand: orchestrator.breaker with the action reset lets it go"
            } else if let moment = probesAt {
                "is open after \(failures) failures in a row and probes at \(moment.text)"
            } else {
                "is half open: another job probes now"
            }
        let provider = agent.hasPrefix(Self.imagePrefix) ? String(agent.dropFirst(Self.imagePrefix.count)) : nil
        return ServiceError(
            .unavailable, "the breaker \(agent) \(reason)", retryable: false, provider: provider,
            cause: .breakerOpen)
    }
}
