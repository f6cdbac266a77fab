// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Untrusted

/// Limits the total size of external texts in a job's view or receipt, which is sent as one line: each of a thousand segments may have
/// a long error. Texts that do not fit are truncated to a short quotation.
struct TextBudget {
    /// The remaining size in bytes.
    private var remaining = 512 * 1024

    /// The text, truncated if it does not fit.
    mutating func fit(_ text: String) -> String {
        let count = text.utf8.count
        guard count > remaining else {
            remaining -= count
            return text
        }
        return text.bounded(to: TextBound.quotation)
    }

    /// The error with its texts truncated if they do not fit.
    mutating func fit(_ error: ServiceError?) -> ServiceError? {
        guard var error = error?.bounded else { return nil }
        error.message = fit(error.message)
        guard let detail = error.detail else { return error }
        let fitted = fit(detail)
        error.detail = fitted == detail ? detail : nil
        return error
    }
}

extension JobView {
    /// The view with its texts within a `TextBudget`, the most important texts first.
    var withinBudget: JobView {
        var budget = TextBudget()
        var view = self
        view.error = budget.fit(error)
        for agent in agents.keys.sorted() {
            view.agents[agent]?.message = budget.fit(agents[agent]?.message.bounded(to: TextBound.message) ?? "")
        }
        view.warnings = warnings.prefix(Self.maximumWarnings).map { budget.fit($0) }
        for index in segments.indices { view.segments[index].error = budget.fit(segments[index].error) }
        return view
    }

    /// The maximum number of warnings in a view.
    private static var maximumWarnings: Int { 2000 }
}

extension Receipt {
    /// The receipt with its texts within a `TextBudget`.
    var withinBudget: Receipt {
        var budget = TextBudget()
        var receipt = self
        receipt.error = budget.fit(error)
        receipt.warnings = warnings.map { budget.fit($0) }
        for index in attempts.indices { receipt.attempts[index].error = budget.fit(attempts[index].error) }
        return receipt
    }
}
