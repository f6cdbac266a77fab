// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
package import HTTP
import Untrusted

/// One order at a provider that charges for it, from the request to the result.
///
/// ```swift
/// let order = client.order("owner/name", input: input, .image, timeout: 180)
/// let finished = try await order.finish(store: store)
/// let bytes = try await order.fetch(finished) { outputs in try await download(outputs) }
/// ```
///
/// The policy for all providers:
/// - An order is sent once. It is then refused, accepted or unknown. If it is unknown, the provider's list of orders is searched,
///   if there is one. An order that the provider itself answered with an error, and that a complete list does not contain, was
///   refused.
/// - An accepted order is polled until it ends. An unreadable response or a rejected status request is retried. An order has failed
///   only if a report that names it says so.
/// - An order that is given up is cancelled. The error states its `chargeStatus`.
/// - A result that cannot be fetched is fetched again; it is never ordered again.
/// - An error is `retryable` only if the order certainly delivered nothing: it was refused, or the provider reported that it
///   failed. After any other error, the same request must not be ordered again.
package struct PaidOrder<API: OrderAPI>: Sendable {
    /// An order that has succeeded.
    package struct Finished: Sendable {
        /// The provider's ID of the order.
        package let id: OrderID
        /// The URLs of the result, best first; at least one.
        package let outputs: [String]
        /// Warnings for the user, although the order succeeded.
        package let warnings: [String]
    }

    let api: API
    let http: HTTPClient
    private let timeout: Double
    private let intervals: OrderPollingIntervals

    /// - Parameters:
    ///   - api: The requests and responses of the order.
    ///   - http: The client that sends the requests.
    ///   - timeout: The time for the whole order, in seconds; the order is cancelled when it has passed.
    ///   - intervals: The polling intervals.
    package init(
        _ api: API, http: HTTPClient, timeout: Double, intervals: OrderPollingIntervals = OrderPollingIntervals()
    ) {
        self.api = api
        self.http = http
        self.timeout = timeout
        self.intervals = intervals
    }

    /// Sends the order, or continues a pending one, and waits until it ends.
    ///
    /// - Parameters:
    ///   - store: Stores the order. Its pending order is continued instead of sending another one.
    ///   - progress: Called for each response, with the progress from 0 to 1 if the provider reports it.
    /// - Returns: The URLs of the result.
    /// - Throws: A `ServiceError` with the `chargeStatus` of the order; a `CancellationError` after the order was cancelled.
    package func finish(
        store: some OrderStore = NullOrderStore(), progress: (Double?) -> Void = { _ in }
    ) async throws -> Finished {
        var polling = OrderPollingPauses(timeout: timeout, first: intervals.first, longest: intervals.longest)
        let claims = store.claims
        switch store.pendingOrder {
        case .accepted(let id):
            _ = claims.claim(id, of: api)
            return try await wait(for: id, nil, [], &polling, progress)
        case .sent(let time):
            let lost = ServiceError(
                .unavailable, "\(api.provider): the process ended before it received the response to an order",
                provider: api.provider, providerCode: LostOrder.code)
            let (report, warning) = try await recover(Unanswered(error: lost), since: time, claims)
            store.accepted(report.id)
            return try await wait(for: report.id, report, [warning], &polling, progress)
        case nil:
            let (report, warnings) = try await submit(store)
            store.accepted(report.id)
            return try await wait(for: report.id, report, warnings, &polling, progress)
        }
    }

    // MARK: - Submitting

    private func submit(_ store: some OrderStore) async throws -> (OrderReport, [String]) {
        var request: HTTPRequest
        do {
            request = try api.orderRequest()
            request.mayReuseConnection = false
            try Task.checkCancellation()
            try store.sending()
        } catch var error as ServiceError {
            error.chargeStatus = .refused
            throw error
        }
        // Taken before sending: providers report creation times in whole seconds.
        let sentAt = Date().timeIntervalSince1970
        do {
            let report = try await accepted(request)
            _ = store.claims.claim(report.id, of: api)
            return (report, [])
        } catch let unanswered as Unanswered {
            guard unanswered.error.chargeStatus != .refused else { throw unanswered.error }
            let (report, warning) = try await recover(unanswered, since: sentAt, store.claims)
            return (report, [warning])
        }
    }

    /// - Throws: `Unanswered`; `CancellationError`.
    private func accepted(_ request: HTTPRequest) async throws -> OrderReport {
        let mapper = ProviderErrorMapper(provider: api.provider)
        let response: HTTPResponse
        do {
            response = try await sendOnce(request)
        } catch let error as HTTPError {
            throw Unanswered(error: mapper.error(error))
        }
        let rejection = mapper.error(response)
        if response.isSuccess, let report = api.report(response, of: nil) {
            guard let rejection else { return report }
            // A rejection may have an ID of its own.
            if rejection.chargeStatus == .refused { throw Unanswered(error: rejection) }
            guard case .failed = report.state, [.quotaExhausted, .unauthorized].contains(rejection.kind) else {
                return report
            }
            throw Unanswered(error: rejection, isSettledByList: true)
        }
        if let rejection {
            throw Unanswered(error: rejection, isSettledByList: mapper.outcome(response) == .failed)
        }
        if let error = mapper.errorInSuccess(response) { throw Unanswered(error: error) }
        let isPage = response.headers["content-type"]?.contains("html") == true
        var error = ServiceError(
            .unavailable,
            "\(api.provider): the response to the order contains no order ID"
                + "\(isPage ? ", it is a web page" : ""): check \(api.baseVariable)",
            provider: api.provider)
        error.chargeStatus = .unknown
        throw Unanswered(error: error)
    }

    /// Sends the order. After a cancellation it waits two seconds for the response: only an order whose ID is known can be
    /// cancelled.
    private func sendOnce(_ request: HTTPRequest) async throws -> HTTPResponse {
        let http = http
        let exchange = Task { try await http.send(request) }
        return try await withTaskCancellationHandler {
            try await exchange.value
        } onCancel: {
            Task {
                try? await Task.sleep(for: .seconds(2))
                exchange.cancel()
            }
        }
    }

    /// Searches the provider's list for an order whose response was lost.
    ///
    /// - Throws: The error of the order, with `chargeStatus` `refused` if the list shows that it was not accepted; otherwise `unknown`,
    ///   and not retryable.
    private func recover(
        _ unanswered: Unanswered, since sentAt: Double, _ claims: OrderClaims
    ) async throws -> (report: OrderReport, warning: String) {
        var error = unanswered.error
        switch try await OrderSearch(api: api, http: http, intervals: intervals, claims: claims).find(since: sentAt) {
        case .found(let report):
            return (report, "\(error.message); the order was found in the list of orders as \(report.id)")
        case .absent where unanswered.isSettledByList:
            error.message += "; the provider's list does not have the order"
            error.chargeStatus = .refused
            throw error
        case .absent, .unclear: break
        }
        error.message += "; the order may have been taken and billed, and is not repeated"
        error.retryable = false
        error.chargeStatus = .unknown
        throw error
    }

    // MARK: - Waiting

    private func wait(
        for id: OrderID, _ first: OrderReport?, _ warnings: [String], _ polling: inout OrderPollingPauses,
        _ progress: (Double?) -> Void
    ) async throws -> Finished {
        var last = first
        var tolerance = PollErrorTolerance(seconds: intervals.errorTolerance)
        do {
            while true {
                switch last?.state {
                case .succeeded: return try finished(id, last?.outputs ?? [], warnings)
                case .failed(let error): throw Ended(error: error)
                case .inProgress: progress(last?.fraction)
                case nil: break
                }
                guard try await polling.pause() else {
                    throw ServiceError(
                        .timeout, "\(api.provider): no result after \(Int(clamping: timeout)) s",
                        provider: api.provider,
                        requestID: id.text)
                }
                do {
                    last = try await status(of: id)
                    tolerance.recordSuccess()
                } catch let error as ServiceError {
                    // A failed status request does not end the order.
                    if error.retryable {
                        tolerance.recordSuccess()
                    } else if tolerance.recordRejection() {
                        throw error
                    }
                    guard error.kind != .tooLarge else { throw error }
                    polling.extendNextPause(toAtLeast: error.retryAfter)
                }
            }
        } catch let ended as Ended {
            throw ended.error(of: id)
        } catch let error as ServiceError where error.chargeStatus == .billed {
            throw error
        } catch {
            // The status word is unknown, but there is a result.
            if error is ServiceError, let outputs = last?.outputs, !outputs.isEmpty {
                return try finished(id, outputs, warnings)
            }
            if error is ServiceError, let url = await result(of: id) {
                return try finished(id, [url], warnings)
            }
            let (isCancelled, report) = await cancel(id)
            guard var failure = error as? ServiceError else { throw error }
            if let report, report.hasSucceeded { return try finished(id, report.outputs, warnings) }
            failure.message +=
                isCancelled
                ? "; \(id) was cancelled, and may have been billed until then"
                : "; \(id) could not be cancelled, and may be billed"
            failure.retryable = false
            failure.chargeStatus = .unknown
            failure.requestID = id.text
            throw failure
        }
    }

    /// Returns the URL of the result although no report says that the order succeeded; `nil` if there is no result.
    private func result(of id: OrderID) async -> String? {
        guard var request = try? api.resultRequest(id) else { return nil }
        request.sink = .slice(0..<64)
        request.timeouts = HTTPRequest.Timeouts(connect: 2, total: 10, stall: 10)
        guard let response = try? await http.send(request), response.isSuccess else { return nil }
        let type = response.headers["content-type"] ?? ""
        guard let first = response.body.first(where: { $0 > 0x20 }), !"{[<".utf8.contains(first),
            !["json", "html", "text/"].contains(where: type.contains)
        else { return nil }
        return request.url
    }

    private func finished(_ id: OrderID, _ outputs: [String], _ warnings: [String]) throws(ServiceError) -> Finished {
        guard !outputs.isEmpty else {
            var failure = ServiceError(
                .unavailable,
                "\(api.provider): \(id) succeeded, but reported no downloadable result; it counts as billed",
                retryable: false, provider: api.provider, requestID: id.text)
            failure.chargeStatus = .billed
            throw failure
        }
        return Finished(id: id, outputs: outputs, warnings: warnings)
    }

    private func status(of id: OrderID) async throws -> OrderReport {
        let mapper = ProviderErrorMapper(provider: api.provider)
        let response: HTTPResponse
        do {
            response = try await http.send(try api.statusRequest(id))
        } catch let error as HTTPError {
            throw mapper.error(error)
        }
        // The body of a busy server's response does not describe the order.
        let isBusy = response.status >= 500 || [408, 429].contains(response.status)
        if !isBusy, let report = api.report(response, of: id) {
            guard case .failed = report.state else {
                if response.isSuccess { return report }
                throw rejection(response, id)
            }
            // A failure without the order's ID is one of the status request.
            if api.report(response, of: nil)?.id == id { return report }
        }
        throw rejection(response, id)
    }

    private func rejection(_ response: HTTPResponse, _ id: OrderID) -> ServiceError {
        ProviderErrorMapper(provider: api.provider).error(response)
            ?? ServiceError(
                .unavailable, "\(api.provider): the status of \(id) cannot be read", retryable: true,
                provider: api.provider, requestID: id.text)
    }

    /// Cancels the order at the provider, also if this task is cancelled.
    ///
    /// - Returns: Whether the provider confirmed the cancellation, and the order's state if it reports one.
    private func cancel(_ id: OrderID) async -> (Bool, OrderReport?) {
        guard var request = try? api.cancellationRequest(id) else { return (false, nil) }
        // A cancelled caller waits only two seconds for the reply.
        let isAwaited = !Task.isCancelled
        request.timeouts = HTTPRequest.Timeouts(connect: 2, total: isAwaited ? 10 : 2, stall: 10)
        let ready = request
        return await Task {
            guard let response = try? await http.send(ready) else { return (false, nil) }
            if response.isSuccess { return (true, api.report(response, of: id)) }
            // The order may have ended in the meantime.
            return (false, isAwaited ? try? await status(of: id) : nil)
        }.value
    }

    // MARK: - Fetching

    /// Fetches the result, and retries it twice after retryable errors, each time with the URLs that the provider then reports.
    ///
    /// - Parameters:
    ///   - finished: The order.
    ///   - body: Fetches the first usable of some URLs.
    /// - Returns: The value that `body` returned.
    /// - Throws: A `ServiceError` that is not retryable and whose `chargeStatus` is `billed`.
    package func fetch<Result>(_ finished: Finished, _ body: ([String]) async throws -> Result) async throws -> Result {
        var outputs = finished.outputs
        var attempt = 1
        while true {
            do {
                return try await body(outputs)
            } catch let error as ServiceError {
                guard attempt < 3, error.retryable, let pause = RetryPause.seconds(error.retryAfter) else {
                    throw PaidResult(provider: api.provider, id: finished.id.text).undelivered(error)
                }
                attempt += 1
                try await Task.sleep(for: .clamping(seconds: pause))
                // URLs expire.
                if let report = try? await status(of: finished.id), report.hasSucceeded, !report.outputs.isEmpty {
                    outputs = report.outputs
                }
            }
        }
    }
}

/// An order without a response that names it.
private struct Unanswered: Error {
    let error: ServiceError
    /// Whether absence from a complete list shows that the order was refused, because the provider itself responded.
    var isSettledByList = false
}

/// The provider reported the end of an order that failed.
private struct Ended: Error {
    let error: ServiceError

    func error(of id: OrderID) -> ServiceError {
        var error = error
        error.chargeStatus = error.chargeStatus ?? .unknown
        error.requestID = error.requestID ?? id.text
        return error
    }
}
