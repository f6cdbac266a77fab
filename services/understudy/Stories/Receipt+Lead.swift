import Contracts

extension Receipt {
    /// The calls of the lead.
    var leadAttempts: [Attempt] { attempts.filter { $0.agent == .lead && $0.work == .film } }

    /// Seconds from the first call of the lead to the takeover; `nil` where one of them was not.
    var secondsToTakeover: Double? {
        takeover.flatMap { takeover in leadAttempts.first.map { takeover.at.seconds(since: $0.startedAt) } }
    }
}
