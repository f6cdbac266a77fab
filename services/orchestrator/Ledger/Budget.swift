import Contracts

/// What of a job's limit is neither spent nor reserved.
struct Budget {
    /// `nil` without a limit; below zero where what is under way costs more than there is.
    private(set) var left: USD?

    /// Takes what is paid already.
    mutating func pay(_ amount: USD) { left = left.map { $0 - amount } }

    /// Reserves `amount` from the remaining budget.
    ///
    /// - Returns: `false` if it does not fit.
    mutating func reserve(_ amount: USD) -> Bool {
        guard amount > .zero, let rest = left else { return true }
        guard amount <= rest else { return false }
        left = rest - amount
        return true
    }
}
