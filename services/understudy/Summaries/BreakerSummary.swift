// SPDX-License-Identifier: Apache-2.0

import Contracts

/// A breaker in words.
enum BreakerSummary {
    /// A few sentences about a breaker.
    static func text(_ view: BreakerView) -> String {
        var sentences = [state(view)]
        if view.failures > 0 {
            sentences.append("\(view.failures) \(view.failures == 1 ? "failure" : "failures in a row").")
        }
        if let probe = view.probesAt { sentences.append("The next probe is at \(TimeFormat.dateAndTime(probe)).") }
        return sentences.joined(separator: " ")
    }

    private static func state(_ view: BreakerView) -> String {
        let meaning =
            switch view.state {
            case .closed: "closed: jobs call \(view.agent)"
            case .open: "open: jobs go straight to the understudy"
            case .halfOpen: "half open: one job probes \(view.agent)"
            }
        let override = view.isForced ? ", set manually" : ""
        return "The breaker of \(view.agent) is \(meaning)\(override), since \(TimeFormat.dateAndTime(view.since))."
    }
}
