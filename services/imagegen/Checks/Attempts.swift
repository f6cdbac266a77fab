import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Glibc
import ImageHeaders
import Logging
import Providers
import Untrusted

/// One picture of a provider beyond this machine: asked for once, and a second time where that may help. Each attempt is booked
/// and logged. No other code repeats an order of a picture.
struct Attempts: Sendable {
    /// What one attempt brought.
    struct Picture: Sendable {
        var bytes: [UInt8]
        var header: ImageHeader
        /// The provider's id of the request.
        var requestID: String?
        var cost: USD
        var warnings: [String] = []
    }

    let provider: String
    let model: String
    /// Of one picture.
    let price: USD
    let logger: Logger

    /// - Parameters:
    ///   - path: where the picture is written to.
    ///   - orders: where each attempt is booked.
    ///   - ask: makes one attempt. The `order` of its error says what became of the order; it is `retryable` only if another order
    ///     for the same wish may follow, as those of `PaidOrder` are.
    /// - Throws: `ServiceError`, of the second attempt if there were two; `CancellationError`.
    func draw(to path: String, _ orders: OrderBook, ask: () async throws -> Picture) async throws -> DrawnImage {
        var warnings: [String] = []
        var attempt = 1 + orders.earlierTries
        var made = 0
        if attempt > 1 {
            try await Task.sleep(for: .clamping(seconds: RetryPause.seconds(orders.askedPause) ?? 0.25))
        }
        while true {
            try orders.open(provider, model: model, price: price)
            made += 1
            do {
                let picture = try await one(attempt, to: path, ask)
                orders.delivered()
                return DrawnImage(
                    width: picture.header.width, height: picture.header.height,
                    mediaType: PictureCheck.mediaType(picture.header.format), model: model, cost: picture.cost,
                    attempts: made, warnings: warnings + picture.warnings)
            } catch let error as ServiceError {
                let fate = error.order ?? .refused
                let isContinued = orders.isContinued
                orders.close(fate)
                if isContinued, error.providerCode == OrderLoss.code {
                    // The provider does not know it: most likely it was never sent.
                    if let lost = orders.lostWithProcess(provider) { throw lost }
                    warnings.append(error.message)
                    continue
                }
                guard attempt == 1, error.retryable, let pause = RetryPause.seconds(error.retryAfter) else {
                    throw error
                }
                if fate != .refused {
                    if orders.isStepwise { throw later(error, orders) }
                    guard orders.fits(price) else { throw unaffordable(error) }
                    let end = fate == .billed ? "that answer was billed too" : "that order may have been billed too"
                    warnings.append("\(error.message); \(end)")
                }
                try await Task.sleep(for: .clamping(seconds: pause))
                attempt += 1
            } catch {
                // Cancelled with the order under way.
                orders.close(.unknown)
                throw error
            }
        }
    }

    private func one(_ attempt: Int, to path: String, _ ask: () async throws -> Picture) async throws -> Picture {
        let started = ContinuousClock.now
        do {
            let picture = try await ask()
            note(attempt, started, bytes: picture.bytes.count, requestID: picture.requestID, outcome: "drawn")
            do {
                try write(picture.bytes, to: path)
            } catch {
                // Not a fault that waiting heals: each further try would be paid for.
                throw PaidWork(provider: provider, id: picture.requestID ?? "picture").lost(error)
            }
            return picture
        } catch let error as ServiceError {
            note(
                attempt, started, bytes: 0, requestID: error.requestID,
                outcome: error.providerCode ?? error.kind.rawValue)
            throw error
        }
    }

    /// The failure with which the caller continues.
    private func later(_ error: ServiceError, _ orders: OrderBook) -> ServiceError {
        var error = error
        error.nextAttempt = orders.secondTry
        return error
    }

    private func unaffordable(_ error: ServiceError) -> ServiceError {
        var error = error
        error.message += "; a second try for \(price.text) does not fit max_cost_usd"
        error.retryable = false
        return error
    }

    private func write(_ bytes: [UInt8], to path: String) throws(ServiceError) {
        let isWritten = bytes.withUnsafeBytes { raw in
            guard let start = raw.baseAddress else { return false }
            let data = Data(
                bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: raw.count, deallocator: .none)
            return (try? data.write(to: URL(filePath: path))) != nil
        }
        if !isWritten { throw FileFailure.error(errno, "cannot write \(path)") }
    }

    private func note(
        _ attempt: Int, _ started: ContinuousClock.Instant, bytes: Int, requestID: String?, outcome: String
    ) {
        let seconds = ((ContinuousClock.now - started) / .milliseconds(1)).rounded() / 1000
        logger.info(
            "asked for a picture",
            metadata: [
                "provider": "\(provider)", "model": "\(model)", "attempt": "\(attempt)", "bytes": "\(bytes)",
                "seconds": "\(seconds)", "request_id": "\(requestID ?? "-")", "outcome": "\(outcome)",
            ])
    }
}
