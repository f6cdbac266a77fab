// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP
import Providers
import Untrusted

/// An accepted image order that must be polled: an Azure operation (202 with `operation-location`), or a response with an ID and a
/// status.
struct PendingImage {
    /// The maximum size of a status report that is parsed, in bytes.
    private static let maximumReportBytes = 1 << 20
    /// Stands for the ID of an operation without one.
    private static let unnamedID = "operation"

    /// Sends a request with a method and a URL.
    typealias Exchange = (String, String) async throws -> HTTPResponse

    /// The candidate status URLs, the most likely first: servers that report only an ID use different paths.
    private let statusURLs: [String]
    /// Whether the server reported the status URL.
    private let isURLReported: Bool
    private let links: OperationLinks
    private let base: String
    /// The server's ID of the order.
    let id: String
    private let retryAfter: Double?

    /// Reads the response to an order.
    ///
    /// - Parameters:
    ///   - response: The response.
    ///   - found: The image in the response.
    ///   - base: The configured URL, without a trailing slash.
    ///   - query: The query of the configured URL.
    ///   - provider: The provider's name, for errors.
    /// - Returns: `nil` if the response is final.
    /// - Throws: `unavailable` with `chargeStatus` `unknown`, if the order was accepted and its status URL is unknown.
    init?(
        _ response: HTTPResponse, _ found: ImageResponse.Found, base: String, query: String, provider: String
    ) throws(ServiceError) {
        let report = Self.report(response)
        let status = report?.statusWord.map(OrderStatusWord.init)
        var link: String?
        switch found {
        case .nothing, .previews: break
        case .link(let text) where response.status == 202 && status == .inProgress: link = text
        case .image, .link, .broken, .withheld: return nil
        }
        let header = ["operation-location", "azure-asyncoperation", "location"].lazy
            .compactMap { response.headers[$0] }.first
        switch status {
        case .failed, .cancelled, .notStarted: return nil
        case .inProgress, .succeeded, nil: break
        }
        let isAccepted = response.status == 202 || header != nil || status == .inProgress || report?.orderID != nil
        let isRejected =
            ProviderErrorMapper(provider: provider).error(response)?.chargeStatus == .refused
            || report?.hasError == true && response.status != 202 && header == nil
        guard isAccepted, !isRejected else { return nil }
        links = OperationLinks(report)
        self.base = base
        let id = report?.id
        if let reported = header ?? links.status ?? links.result ?? link {
            statusURLs = [ResponseLink.resolved(reported, base: base)]
            isURLReported = true
        } else if let id {
            statusURLs = ["images/generations", "images/tasks", "images", "tasks"].map {
                "\(base)/\($0)/\(id.pathSegment)\(query.isEmpty ? "" : "?\(query)")"
            }
            isURLReported = false
        } else {
            var error = ServiceError(
                .unavailable,
                "\(provider): the order was accepted, but the response contains no id or status URL, "
                    + "so the image cannot be fetched; the order may be billed",
                retryable: false, provider: provider)
            error.chargeStatus = .unknown
            throw error
        }
        self.id = id?.text ?? Self.unnamedID
        retryAfter = response.retryAfter
    }

    /// Continues the order that an earlier process left in progress; `nil` if there is none.
    init?(_ orders: CallOrders, base: String) {
        guard let statusURLs = orders.statusURLs, !statusURLs.isEmpty, case .accepted(let id) = orders.pendingOrder
        else { return nil }
        self.statusURLs = statusURLs
        isURLReported = statusURLs.count == 1
        links = OperationLinks(nil)
        self.base = base
        self.id = id.text
        retryAfter = nil
    }

    /// Stores the ID and the status URLs for a later process.
    func store(in orders: CallOrders) {
        if let id = OrderID(id) { orders.accepted(id, at: statusURLs) }
    }

    // MARK: - Polling

    /// Polls until the image is available. Nothing is ordered again, and an order that is given up is cancelled.
    ///
    /// - Parameters:
    ///   - provider: The provider's name, for errors.
    ///   - timeout: The time for all status requests, in seconds.
    ///   - errorTolerance: See `PollErrorTolerance`, in seconds.
    ///   - size: The requested size in pixels.
    ///   - exchange: Sends a request.
    /// - Returns: The response, and the image or link in it.
    /// - Throws: A `ServiceError` with the `chargeStatus` of the order; `CancellationError`.
    func waitForImage(
        provider: String, timeout: Double, errorTolerance: Double, size: (width: Int, height: Int), exchange: Exchange
    ) async throws -> (HTTPResponse, ImageResponse.Found) {
        var confirmedURL: String?
        do {
            return try await poll(provider, timeout, errorTolerance, size, &confirmedURL, exchange)
        } catch {
            if (error as? ServiceError)?.chargeStatus ?? .unknown == .unknown { await cancel(confirmedURL, exchange) }
            throw error
        }
    }

    private func poll(
        _ provider: String, _ timeout: Double, _ errorTolerance: Double, _ size: (width: Int, height: Int),
        _ confirmedURL: inout String?, _ exchange: Exchange
    ) async throws -> (HTTPResponse, ImageResponse.Found) {
        var polling = OrderPollingPauses(timeout: timeout, first: 0.25, longest: 5)
        polling.extendNextPause(toAtLeast: retryAfter)
        var (urls, index) = (statusURLs, 0)
        var rejections = PollErrorTolerance(seconds: errorTolerance)
        var emptyResults = PollErrorTolerance(seconds: errorTolerance)
        var failures = 0
        let mapper = ProviderErrorMapper(provider: provider)
        func reject(_ error: ServiceError) throws {
            if error.retryable { return rejections.recordSuccess() }
            index = (index + 1) % urls.count
            if rejections.recordRejection(minimum: max(3, 2 * urls.count)) { throw untrackable(error, provider) }
        }
        while try await polling.pause() {
            let response: HTTPResponse
            do {
                response = try await exchange("GET", urls[index])
            } catch let error as ServiceError {
                guard error.retryable else { throw untrackable(error, provider) }
                continue
            }
            polling.extendNextPause(toAtLeast: response.retryAfter)
            guard response.isSuccess else {
                try reject(mapper.error(response) ?? ServiceError(.unavailable, "\(provider): refused"))
                continue
            }
            confirmedURL = urls[index]
            let found = ImageResponse.find(in: response.body, size: size)
            switch found {
            case .image, .link, .withheld: return (response, found)
            case .broken:
                if emptyResults.recordRejection() { return (response, found) }
                continue
            case .nothing, .previews: break
            }
            // An unreadable report does not end the order.
            guard let report = Self.report(response) else { continue }
            switch report.statusWord.map(OrderStatusWord.init) {
            case .succeeded:
                rejections.recordSuccess()
                if let result = OperationLinks(report).result ?? links.result,
                    case let next = ResponseLink.resolved(result, base: base), next != urls[index]
                {
                    (urls, index) = ([next], 0)
                } else if emptyResults.recordRejection() {
                    throw emptyResult(provider)
                }
            case let status? where status != .inProgress:
                failures += 1
                // A failure without the order's ID may reject the status request; servers that leave out IDs repeat it.
                guard
                    isNamed(by: report) || failures >= 3 && !OrderStatusWord.mayDescribeRequest(report.statusWord ?? "")
                else { continue }
                throw failed(mapper.error(response), provider, wasCancelled: status == .cancelled)
            case .some:
                rejections.recordSuccess()
                failures = 0
            case nil: if let error = mapper.error(response) { try reject(error) }
            }
        }
        var late = ServiceError(
            .timeout,
            "\(provider): \(id) was accepted, but did not finish in time; it may be billed",
            retryable: false, provider: provider, requestID: id)
        late.chargeStatus = .unknown
        throw late
    }

    /// Whether a report names the order.
    private func isNamed(by report: OrderResponse) -> Bool {
        guard id == Self.unnamedID else { return report.id?.text == id }
        return report.orderID != nil || OrderID(report["id"]) != nil
    }

    /// Cancels the order at the server, also if this task is cancelled.
    ///
    /// - Parameter confirmedURL: A status URL that has answered for this order.
    private func cancel(_ confirmedURL: String?, _ exchange: Exchange) async {
        if let link = links.cancellation {
            _ = try? await exchange("POST", ResponseLink.resolved(link, base: base))
        } else if let url = isURLReported ? statusURLs.first : confirmedURL {
            _ = try? await exchange("DELETE", url)
        }
    }

    // MARK: - Errors

    /// The error of an order that the provider reports as failed.
    ///
    /// - Parameter wasCancelled: Whether the order was cancelled or has expired, and may be billed until then.
    private func failed(_ error: ServiceError?, _ provider: String, wasCancelled: Bool) -> ServiceError {
        let text = wasCancelled ? "was cancelled or has expired, and may be billed" : "failed"
        var failure = error ?? ServiceError(.unavailable, "\(provider): \(id) \(text)", provider: provider)
        failure.chargeStatus = wasCancelled ? .unknown : .refused
        failure.retryable = !wasCancelled && failure.retryable
        return failure
    }

    /// The error of an accepted order whose status requests are rejected.
    private func untrackable(_ error: ServiceError, _ provider: String) -> ServiceError {
        var failure = error
        failure.message += "; \(id) was accepted, its status cannot be read, and it may be billed"
        failure.retryable = false
        failure.provider = provider
        failure.chargeStatus = .unknown
        return failure
    }

    private func emptyResult(_ provider: String) -> ServiceError {
        PaidResult(provider: provider, id: id).undelivered(
            ServiceError(.unavailable, "\(provider): \(id) succeeded without an image", provider: provider))
    }

    private static func report(_ response: HTTPResponse) -> OrderResponse? {
        response.body.count <= maximumReportBytes ? OrderResponse(response.body) : nil
    }
}
