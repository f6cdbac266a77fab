// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import Logging
import Providers
import Untrusted

/// Orders one clip, with at most one retry, and only if the first order certainly failed and the second fits the limit. No other
/// code repeats a clip order.
struct ClipPurchase: Sendable {
    /// The generator of the clip.
    let generator: any ClipGenerator
    let callStore: LeadCallStore
    let logger: Logger

    /// Orders a clip and downloads it.
    ///
    /// - Parameters:
    ///   - order: The clip.
    ///   - key: The key of the job and of everything that determines the clip.
    ///   - call: The name of the call.
    ///   - path: The path of the file.
    ///   - spending: Reserves and settles the price of each order.
    ///   - stores: The order stores of the call.
    ///   - progress: Called for each response of the provider, with the progress from 0 to 1 if it is reported.
    /// - Throws: The `ServiceError` of the last order; `CancellationError`.
    func buy(
        _ order: ClipOrder, _ key: ContentKey, call: String, to path: String, _ spending: LeadSpending,
        _ stores: CallOrderStores, progress: @Sendable (Double?) -> Void
    ) async throws -> GeneratedClip {
        let price = generator.price(order)
        let store = try await callStore.orderStore(key, call: call, price: price)
        stores.add(store)
        for loss in store.losses {
            spending.reserveUnconditionally(loss.price)
            spending.recordFailure(loss.price, loss.chargeStatus)
        }
        guard !store.isBlocked else {
            throw ServiceError(
                .unavailable,
                "\(generator.name): agent5 exited after an order of this clip was lost; the order may have been billed, and is not repeated",
                retryable: false, provider: generator.name, providerCode: LostOrder.code)
        }
        if store.pendingOrder != nil {
            // Ordered by an earlier process, within its own limit.
            spending.reserveUnconditionally(price)
        } else if !spending.reserve(price) {
            throw ServiceError(
                .quotaExhausted, "\(generator.name): a clip for \(price.text) does not fit the limit max_cost_usd",
                retryable: false, provider: generator.name)
        }
        do {
            return try await placeOrder(order, price, to: path, store, spending, progress: progress)
        } catch let error as ServiceError {
            // Retryable only if the order certainly delivered nothing, see `PaidOrder`.
            guard error.retryable, let pause = RetryPause.seconds(error.retryAfter) else { throw error }
            guard spending.reserve(price) else {
                var error = error
                error.message += "; a second order for \(price.text) would exceed max_cost_usd"
                error.retryable = false
                throw error
            }
            logger.warning("\(error.message): retrying in \(pause) s", metadata: ["provider": "\(generator.name)"])
            do {
                try await Task.sleep(for: .clamping(seconds: pause))
            } catch {
                spending.recordFailure(price, .refused)
                throw error
            }
            return try await placeOrder(order, price, to: path, store, spending, progress: progress)
        }
    }

    /// Places an order whose price is reserved.
    private func placeOrder(
        _ order: ClipOrder, _ price: USD, to path: String, _ store: ClipOrderStore, _ spending: LeadSpending,
        progress: @Sendable (Double?) -> Void
    ) async throws -> GeneratedClip {
        do {
            let clip = try await generator.generate(order, to: path, store: store, progress: progress)
            spending.recordPurchase(price)
            return clip
        } catch {
            let failure = error as? ServiceError
            let chargeStatus = failure.map { $0.chargeStatus ?? .refused } ?? .unknown
            store.settle(chargeStatus, isRepeatable: chargeStatus == .refused || failure?.retryable == true)
            spending.recordFailure(price, chargeStatus)
            throw error
        }
    }
}
