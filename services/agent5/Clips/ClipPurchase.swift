import Artifacts
import Contracts
import Faults
import Logging
import Providers
import Untrusted

/// Buys one clip: one order, and a second one only if the first certainly failed and the second fits the limit. No other code
/// repeats an order of a clip.
struct ClipPurchase: Sendable {
    let maker: any ClipMaker
    let ledger: LeadLedger
    let logger: Logger

    /// - Parameters:
    ///   - key: of the job and all that makes the clip what it is.
    ///   - call: names the call of the lead.
    ///   - path: where the file goes.
    ///   - spending: each order is booked in it before the next one is made.
    ///   - notes: of the call.
    /// - Throws: `ServiceError` of the last order; `CancellationError`.
    func buy(
        _ order: ClipOrder, _ key: ContentKey, call: String, to path: String, _ spending: LeadSpending,
        _ notes: CallNotes, progress: @Sendable (Double?) -> Void
    ) async throws -> MadeClip {
        let price = maker.price(order)
        let note = try await ledger.note(key, call: call, price: price)
        notes.add(note)
        for loss in note.losses {
            spending.carry(loss.price)
            spending.ended(loss.price, loss.fate)
        }
        guard !note.isSpent else {
            throw ServiceError(
                .unavailable,
                "\(maker.name): agent5 ended after an order of this clip was lost, which may have been billed and is not repeated",
                retryable: false, provider: maker.name, providerCode: OrderLoss.code)
        }
        if note.unsettled != nil {
            // Ordered by a process that ended, with whatever limit it had.
            spending.carry(price)
        } else if !spending.reserve(price) {
            throw ServiceError(
                .quotaExhausted, "\(maker.name): a clip for \(price.text) does not fit the limit max_cost_usd",
                retryable: false, provider: maker.name)
        }
        do {
            return try await bought(order, price, to: path, note, spending, progress: progress)
        } catch let error as ServiceError {
            // Only of an order that certainly brought nothing, see PaidOrder.
            guard error.retryable, let pause = RetryPause.seconds(error.retryAfter) else { throw error }
            guard spending.reserve(price) else {
                var error = error
                error.message += "; a second try for \(price.text) does not fit max_cost_usd"
                error.retryable = false
                throw error
            }
            logger.warning("\(error.message): once more in \(pause) s", metadata: ["provider": "\(maker.name)"])
            do {
                try await Task.sleep(for: .clamping(seconds: pause))
            } catch {
                spending.ended(price, .refused)
                throw error
            }
            return try await bought(order, price, to: path, note, spending, progress: progress)
        }
    }

    /// Makes an order for which its price is reserved.
    private func bought(
        _ order: ClipOrder, _ price: USD, to path: String, _ note: OrderNote, _ spending: LeadSpending,
        progress: @Sendable (Double?) -> Void
    ) async throws -> MadeClip {
        do {
            let made = try await maker.make(order, to: path, note: note, progress: progress)
            spending.bought(price)
            return made
        } catch {
            let failure = error as? ServiceError
            let fate = failure.map { $0.order ?? .refused } ?? .unknown
            note.settle(fate, isRepeatable: fate == .refused || failure?.retryable == true)
            spending.ended(price, fate)
            throw error
        }
    }
}
