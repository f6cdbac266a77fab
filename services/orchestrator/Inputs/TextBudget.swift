import Contracts
import Faults
import Untrusted

/// What a job's view has room for, of texts that agents and providers wrote: a thousand segments may each have failed with a long
/// error, and the view is one line of the wire. Beyond the budget texts are quoted only.
struct TextBudget {
    private var left = 512 * 1024

    mutating func fit(_ text: String) -> String {
        let count = text.utf8.count
        guard count > left else {
            left -= count
            return text
        }
        return text.bounded(to: TextBound.quotation)
    }

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
    /// The view with its texts within a budget, the most important ones first.
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

    private static var maximumWarnings: Int { 2000 }
}

extension Receipt {
    /// The receipt with its texts within a budget.
    var withinBudget: Receipt {
        var budget = TextBudget()
        var receipt = self
        receipt.error = budget.fit(error)
        receipt.warnings = warnings.map { budget.fit($0) }
        for index in attempts.indices { receipt.attempts[index].error = budget.fit(attempts[index].error) }
        return receipt
    }
}
