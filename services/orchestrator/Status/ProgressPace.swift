/// How often an agent's progress becomes an event of the job: events are stored as long as the job is, so a call that takes a day
/// must not leave ten of them a second.
enum ProgressPace {
    /// The pause after a number of reports of one call: a minute of ten a second, an hour of one a second, then one in ten seconds.
    static func pause(after count: Int) -> Duration {
        switch count {
        case ..<600: .milliseconds(100)
        case ..<4200: .seconds(1)
        default: .seconds(10)
        }
    }
}
