// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import Faults

extension BreakerView {
    /// The prefix of the names of image providers' breakers, as in `imagegen/openai`.
    package static let imagePrefix = "imagegen/"

    /// The error of a call that this breaker rejects: `unavailable`, with the cause `breakerOpen`. It names the breaker and states when it
    /// allows a test call.
    package var rejection: ServiceError {
        let reason =
            if isForced {
                "is forced open: run `understudy breaker \(agent) reset`"
            } else if let time = probesAt {
                "is open after \(failures) failures in a row and allows a test call at \(time.text)"
            } else {
                "is half-open: another job is making the test call"
            }
        let provider = agent.hasPrefix(Self.imagePrefix) ? String(agent.dropFirst(Self.imagePrefix.count)) : nil
        return ServiceError(
            .unavailable, "the breaker \(agent) \(reason)", retryable: false, provider: provider,
            cause: .breakerOpen)
    }
}
