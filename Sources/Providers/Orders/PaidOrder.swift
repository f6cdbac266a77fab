import Faults
import FoundationEssentials
package import HTTP
import Untrusted

/// One order at a provider that charges for it, from the request to the result.
///
/// The policy for all providers:
/// - The order is sent once. Its fate is refused, unknown or accepted; where it is unknown, the provider's list of orders is
///   searched, if there is one. An order to which the provider itself answered a failure, and that a complete list does not have,
///   was refused.
/// - An accepted order is polled until its end. An answer that cannot be read, or a refused question, is followed by another one. An
///   order has failed only if a report says so that names it.
/// - An order that is given up is cancelled. What it may have cost is in the error's `order`.
/// - A result is fetched again if that fails; it is never bought again.
/// - An error is `retryable` only if the order certainly brought nothing: it was refused, or the provider reported that it failed.
///   Any other error must not be followed by another order for the same wish.
package struct PaidOrder<API: OrderAPI>: Sendable {
    package struct Finished: Sendable {
        package let id: OrderID
        /// At least one, best first.
        package let outputs: [String]
        /// What a person should know, though the result is there.
        package let warnings: [String]
    }

    let api: API
    let http: HTTPClient
    private let timeout: Double
    private let pauses: OrderPauses

    /// - Parameters:
    ///   - timeout: seconds from the order to its end; the order is cancelled when they have passed.
    ///   - pauses: between two questions.
    package init(_ api: API, http: HTTPClient, timeout: Double, pauses: OrderPauses = OrderPauses()) {
        self.api = api
        self.http = http
        self.timeout = timeout
        self.pauses = pauses
    }

    /// Orders and waits for the end.
    ///
    /// - Parameters:
    ///   - memory: an order of an earlier process in it is continued instead of sending another one.
    ///   - progress: called for each answer, with 0 to 1 if the provider reports it.
    /// - Throws: `ServiceError` whose `order` is the fate, or `CancellationError` after the order was cancelled.
    package func finish(
        memory: some OrderMemory = NoOrderMemory(), progress: (Double?) -> Void = { _ in }
    ) async throws -> Finished {
        var polling = OrderPolling(timeout: timeout, first: pauses.first, longest: pauses.longest)
        let claims = memory.claims
        switch memory.unsettled {
        case .accepted(let id):
            _ = claims.claim(id, of: api)
            return try await wait(for: id, nil, [], &polling, progress)
        case .sent(let moment):
            let lost = ServiceError(
                .unavailable, "\(api.provider): the process ended before it got the answer to an order",
                provider: api.provider, providerCode: OrderLoss.code)
            let (report, warning) = try await recover(Unanswered(error: lost), since: moment, claims)
            memory.accepted(report.id)
            return try await wait(for: report.id, report, [warning], &polling, progress)
        case nil:
            let (report, warnings) = try await submit(memory)
            memory.accepted(report.id)
            return try await wait(for: report.id, report, warnings, &polling, progress)
        }
    }

    // MARK: - Submitting

    private func submit(_ memory: some OrderMemory) async throws -> (OrderReport, [String]) {
        var request: HTTPRequest
        do {
            request = try api.order()
            request.mayReuseConnection = false
            try Task.checkCancellation()
            try memory.sending()
        } catch var error as ServiceError {
            error.order = .refused
            throw error
        }
        // A little early: clocks of providers report whole seconds.
        let moment = Date().timeIntervalSince1970
        do {
            let report = try await accepted(request)
            _ = memory.claims.claim(report.id, of: api)
            return (report, [])
        } catch let unanswered as Unanswered {
            guard unanswered.error.order != .refused else { throw unanswered.error }
            let (report, warning) = try await recover(unanswered, since: moment, memory.claims)
            return (report, [warning])
        }
    }

    /// - Throws: `Unanswered`; `CancellationError`.
    private func accepted(_ request: HTTPRequest) async throws -> OrderReport {
        let failure = ProviderFailure(provider: api.provider)
        let response: HTTPResponse
        do {
            response = try await sendOnce(request)
        } catch let error as HTTPError {
            throw Unanswered(error: failure.error(error))
        }
        let refusal = failure.error(response)
        if response.isSuccess, let report = api.report(response, of: nil) {
            guard let refusal else { return report }
            // A refusal may have an id of its own.
            if refusal.order == .refused { throw Unanswered(error: refusal) }
            guard case .failed = report.standing, [.quotaExhausted, .unauthorized].contains(refusal.kind) else {
                return report
            }
            throw Unanswered(error: refusal, isSettledByList: true)
        }
        if let refusal {
            throw Unanswered(error: refusal, isSettledByList: failure.outcome(response) == .failed)
        }
        if let words = failure.wordsOfSuccess(response) { throw Unanswered(error: words) }
        let isPage = response.headers["content-type"]?.contains("html") == true
        var error = ServiceError(
            .unavailable,
            "\(api.provider): the answer to the order names no order"
                + "\(isPage ? ", it is a web page" : ""): check \(api.baseVariable)",
            provider: api.provider)
        error.order = .unknown
        throw Unanswered(error: error)
    }

    /// Sends the order. A caller that is cancelled waits a little for the answer: only an order whose id is known can be cancelled.
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

    /// Searches the provider's list for an order whose answer was lost.
    ///
    /// - Throws: the error of the order, refused if the list shows that it was not taken; otherwise with an unknown fate and not to be
    ///   repeated.
    private func recover(
        _ unanswered: Unanswered, since moment: Double, _ claims: OrderClaims
    ) async throws -> (report: OrderReport, warning: String) {
        var error = unanswered.error
        switch try await OrderSearch(api: api, http: http, pauses: pauses, claims: claims).find(since: moment) {
        case .found(let report):
            return (report, "\(error.message); the order was found in the list of orders as \(report.id)")
        case .absent where unanswered.isSettledByList:
            error.message += "; the provider's list does not have the order"
            error.order = .refused
            throw error
        case .absent, .unclear: break
        }
        error.message += "; the order may have been taken and billed, and is not repeated"
        error.retryable = false
        error.order = .unknown
        throw error
    }

    // MARK: - Waiting

    private func wait(
        for id: OrderID, _ first: OrderReport?, _ warnings: [String], _ polling: inout OrderPolling,
        _ progress: (Double?) -> Void
    ) async throws -> Finished {
        var last = first
        var patience = RefusalPatience(seconds: pauses.patience)
        do {
            while true {
                switch last?.standing {
                case .succeeded: return try finished(id, last?.outputs ?? [], warnings)
                case .failed(let error): throw Ended(error: error)
                case .underWay: progress(last?.fraction)
                case nil: break
                }
                guard try await polling.pause() else {
                    throw ServiceError(
                        .timeout, "\(api.provider): no result after \(Int(clamping: timeout)) s",
                        provider: api.provider,
                        requestID: id.text)
                }
                do {
                    last = try await ask(id)
                    patience.answered()
                } catch let error as ServiceError {
                    // The order goes on there, whatever became of one question.
                    if error.retryable { patience.answered() } else if patience.refused() { throw error }
                    guard error.kind != .tooLarge else { throw error }
                    polling.wait(atLeast: error.retryAfter)
                }
            }
        } catch let ended as Ended {
            throw ended.error(of: id)
        } catch let error as ServiceError where error.order == .billed {
            throw error
        } catch {
            // In words that are not known, but with a result.
            if error is ServiceError, let outputs = last?.outputs, !outputs.isEmpty {
                return try finished(id, outputs, warnings)
            }
            if error is ServiceError, let place = await result(of: id) {
                return try finished(id, [place], warnings)
            }
            let (isCancelled, report) = await cancel(id)
            guard var failure = error as? ServiceError else { throw error }
            if let report, report.hasSucceeded { return try finished(id, report.outputs, warnings) }
            failure.message +=
                isCancelled
                ? "; \(id) was cancelled, and may have been billed until then"
                : "; \(id) could not be cancelled, and may be billed"
            failure.retryable = false
            failure.order = .unknown
            failure.requestID = id.text
            throw failure
        }
    }

    /// Where the result is, although no report says that the order succeeded; `nil` if it is not there.
    private func result(of id: OrderID) async -> String? {
        guard var request = try? api.result(id) else { return nil }
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
                "\(api.provider): \(id) succeeded without a result that can be fetched, and may have been billed",
                retryable: false, provider: api.provider, requestID: id.text)
            failure.order = .billed
            throw failure
        }
        return Finished(id: id, outputs: outputs, warnings: warnings)
    }

    private func ask(_ id: OrderID) async throws -> OrderReport {
        let failure = ProviderFailure(provider: api.provider)
        let response: HTTPResponse
        do {
            response = try await http.send(try api.question(id))
        } catch let error as HTTPError {
            throw failure.error(error)
        }
        // Of a server that has no time, nothing says how the order is.
        let isBusy = response.status >= 500 || [408, 429].contains(response.status)
        if !isBusy, let report = api.report(response, of: id) {
            guard case .failed = report.standing else {
                if response.isSuccess { return report }
                throw refused(response, id)
            }
            // A failure without the order's id is one of the question.
            if api.report(response, of: nil)?.id == id { return report }
        }
        throw refused(response, id)
    }

    private func refused(_ response: HTTPResponse, _ id: OrderID) -> ServiceError {
        let failure = ProviderFailure(provider: api.provider)
        return failure.error(response)
            ?? ServiceError(
                .unavailable, "\(api.provider): the answer about \(id) cannot be read", retryable: true,
                provider: api.provider, requestID: id.text)
    }

    /// Ends the work there, also if this task is cancelled itself.
    ///
    /// - Returns: whether the provider confirmed it, and what it reports of the order.
    private func cancel(_ id: OrderID) async -> (Bool, OrderReport?) {
        guard var request = try? api.cancellation(id) else { return (false, nil) }
        // A caller that cancelled waits for no result, and only some seconds for the reply.
        let isAwaited = !Task.isCancelled
        request.timeouts = HTTPRequest.Timeouts(connect: 2, total: isAwaited ? 10 : 2, stall: 10)
        let ready = request
        return await Task {
            guard let response = try? await http.send(ready) else { return (false, nil) }
            if response.isSuccess { return (true, api.report(response, of: id)) }
            // It may have ended meanwhile.
            return (false, isAwaited ? try? await ask(id) : nil)
        }.value
    }

    // MARK: - Fetching

    /// Fetches the result, three times if that helps, each time from where the provider says that it is.
    ///
    /// - Parameter body: fetches from the first of some outputs that works.
    /// - Throws: `ServiceError` that is not to be retried and whose `order` is `billed`.
    package func fetch<Result>(_ finished: Finished, _ body: ([String]) async throws -> Result) async throws -> Result {
        var outputs = finished.outputs
        var attempt = 1
        while true {
            do {
                return try await body(outputs)
            } catch let error as ServiceError {
                guard attempt < 3, error.retryable, let pause = RetryPause.seconds(error.retryAfter) else {
                    throw PaidWork(provider: api.provider, id: finished.id.text).lost(error)
                }
                attempt += 1
                try await Task.sleep(for: .clamping(seconds: pause))
                // Links expire.
                if let report = try? await ask(finished.id), report.hasSucceeded, !report.outputs.isEmpty {
                    outputs = report.outputs
                }
            }
        }
    }
}

/// Seconds between two questions about an order, and until it is given up if they are refused.
package struct OrderPauses: Sendable {
    package var first: Double
    package var longest: Double
    /// For `RefusalPatience`.
    package var patience: Double

    package init(first: Double = 0.5, longest: Double = 5, patience: Double = RefusalPatience.usual) {
        self.first = first
        self.longest = longest
        self.patience = patience
    }
}

/// No answer to an order that names it.
private struct Unanswered: Error {
    let error: ServiceError
    /// Whether a list that does not have the order shows that it was refused: the provider itself has answered.
    var isSettledByList = false
}

/// The provider reported the end of an order that failed.
private struct Ended: Error {
    let error: ServiceError

    func error(of id: OrderID) -> ServiceError {
        var error = error
        error.order = error.order ?? .unknown
        error.requestID = error.requestID ?? id.text
        return error
    }
}
