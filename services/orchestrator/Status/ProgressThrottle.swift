// SPDX-License-Identifier: Apache-2.0

/// Limits how often an agent's progress becomes an event of the job. Events are stored as long as the job, so a call that takes a day
/// must not produce ten per second.
enum ProgressThrottle {
    /// The pause after the given number of reports of one call: ten reports per second for a minute, then one per second for an hour,
    /// then one in ten seconds.
    static func pause(after count: Int) -> Duration {
        switch count {
        case ..<600: .milliseconds(100)
        case ..<4200: .seconds(1)
        default: .seconds(10)
        }
    }
}
