// SPDX-License-Identifier: Apache-2.0

import Contracts
import Untrusted

/// An estimate in words.
enum EstimateSummary {
    /// A table of calls, the cost and the time of a film by the understudy, and the limit.
    static func text(_ estimate: Estimate) -> String {
        var table = TextTable("SERVICE", "CALL", "COUNT", "EACH", "COST")
        for call in estimate.calls {
            table.rows.append([call.service, call.method, "\(call.count)", call.unit.text, call.cost.text])
        }
        let film = Formatting.seconds(estimate.filmDuration)
        var lines = [
            "\(Formatting.count(estimate.segments, "segment")), \(film) of film. If Agent6 makes it:", "", table.text,
            "",
        ]
        lines.append("cost: \(estimate.cost.text); the charges of Agent5 are not included")
        lines.append("time: about \(Int(clamping: max(estimate.seconds, 1).rounded(.up))) s")
        if let limit = estimate.maxCost {
            lines.append("limit: \(limit.text), \(estimate.isWithinBudget ? "which is enough" : "which is not enough")")
        }
        lines += estimate.warnings.map { "warning: \($0.printable())" }
        return lines.joined(separator: "\n")
    }
}
