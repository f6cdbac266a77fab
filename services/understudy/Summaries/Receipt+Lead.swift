// SPDX-License-Identifier: Apache-2.0

import Contracts

extension Receipt {
    /// The lead's attempts to make the film.
    var leadAttempts: [Attempt] { attempts.filter { $0.agent == .lead && $0.work == .film } }

    /// Seconds from the first attempt of the lead to the takeover; `nil` if there was no attempt or no takeover.
    var secondsToTakeover: Double? {
        takeover.flatMap { takeover in leadAttempts.first.map { takeover.at.seconds(since: $0.startedAt) } }
    }
}
