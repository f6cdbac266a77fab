// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Glibc
import ImageHeaders
import Logging
import Providers
import Untrusted

/// Orders one image from a remote provider, with at most one retry.
///
/// Each attempt is recorded and logged. No other code repeats an image order.
struct Attempts: Sendable {
    /// The result of one attempt.
    struct Image: Sendable {
        var bytes: [UInt8]
        var header: ImageHeader
        /// The provider's ID of the request.
        var requestID: String?
        var cost: USD
        var warnings: [String] = []
    }

    let provider: String
    let model: String
    /// The price of one image.
    let price: USD
    let logger: Logger

    /// Orders an image and writes it to a file.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - orders: Records each attempt.
    ///   - attempt: Makes one attempt. Its error states the `chargeStatus`, and is `retryable` only if the same
    ///     request may be ordered again, like the errors of `PaidOrder`.
    /// - Throws: The `ServiceError` of the last attempt; `CancellationError`.
    func draw(to path: String, _ orders: CallOrders, attempt: () async throws -> Image) async throws -> DrawnImage {
        var warnings: [String] = []
        var number = 1 + orders.previousAttempts
        var made = 0
        if number > 1 {
            try await Task.sleep(for: .clamping(seconds: RetryPause.seconds(orders.requestedPause) ?? 0.25))
        }
        while true {
            try orders.open(provider, model: model, price: price)
            made += 1
            do {
                let image = try await run(attempt, number: number, to: path)
                orders.recordDelivery()
                return DrawnImage(
                    width: image.header.width, height: image.header.height,
                    mediaType: ImageCheck.mediaType(image.header.format), model: model, cost: image.cost,
                    attempts: made, warnings: warnings + image.warnings)
            } catch let error as ServiceError {
                let chargeStatus = error.chargeStatus ?? .refused
                let isContinued = orders.isContinued
                orders.close(chargeStatus)
                if isContinued, error.providerCode == LostOrder.code {
                    // The provider does not list the order: most likely it was never sent.
                    if let failure = orders.processEndFailure(provider) { throw failure }
                    warnings.append(error.message)
                    continue
                }
                guard number == 1, error.retryable, let pause = RetryPause.seconds(error.retryAfter) else {
                    throw error
                }
                if chargeStatus != .refused {
                    if orders.isStepwise { throw continuation(error, orders) }
                    guard orders.fits(price) else { throw unaffordable(error) }
                    let billing =
                        chargeStatus == .billed
                        ? "that response was billed too" : "that order may have been billed too"
                    warnings.append("\(error.message); \(billing)")
                }
                try await Task.sleep(for: .clamping(seconds: pause))
                number += 1
            } catch {
                // Cancelled while the order was in progress.
                orders.close(.unknown)
                throw error
            }
        }
    }

    private func run(_ attempt: () async throws -> Image, number: Int, to path: String) async throws -> Image {
        let started = ContinuousClock.now
        do {
            let image = try await attempt()
            log(number, started, bytes: image.bytes.count, requestID: image.requestID, outcome: "drawn")
            do {
                try write(image.bytes, to: path)
            } catch {
                // Not transient: each further attempt would be paid for.
                throw PaidResult(provider: provider, id: image.requestID ?? "image").undelivered(error)
            }
            return image
        } catch let error as ServiceError {
            log(
                number, started, bytes: 0, requestID: error.requestID,
                outcome: error.providerCode ?? error.kind.rawValue)
            throw error
        }
    }

    /// The error with the `nextAttempt` with which the caller continues.
    private func continuation(_ error: ServiceError, _ orders: CallOrders) -> ServiceError {
        var error = error
        error.nextAttempt = orders.secondAttempt
        return error
    }

    private func unaffordable(_ error: ServiceError) -> ServiceError {
        var error = error
        error.message += "; a second order for \(price.text) would exceed max_cost_usd"
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

    private func log(
        _ number: Int, _ started: ContinuousClock.Instant, bytes: Int, requestID: String?, outcome: String
    ) {
        let seconds = ((ContinuousClock.now - started) / .milliseconds(1)).rounded() / 1000
        logger.info(
            "ordered an image",
            metadata: [
                "provider": "\(provider)", "model": "\(model)", "attempt": "\(number)", "bytes": "\(bytes)",
                "seconds": "\(seconds)", "request_id": "\(requestID ?? "-")", "outcome": "\(outcome)",
            ])
    }
}
