import FoundationEssentials
import HTTP
import JSONRPC
import Providers
import Untrusted

/// A picture that a server has accepted to draw and is asked for: an operation of Azure (202 with `operation-location`), or an answer
/// with an id and a state.
struct PendingPicture {
    /// Bytes of a report that is read.
    private static let longestReport = 1 << 20
    /// How many questions in a row may be refused before the order is given up; at least two at each place.
    private static let refusals = 3

    /// Where to ask, the likeliest first: servers that send an id alone differ in it.
    private let places: [String]
    let id: String
    private let retryAfter: Double?

    /// - Parameters:
    ///   - found: what the answer holds of a picture.
    ///   - base: the configured URL, without a slash at the end.
    ///   - query: of the configured URL.
    /// - Returns: `nil` for an answer that is final.
    init?(_ response: HTTPResponse, _ found: PictureAnswer.Found, base: String, query: String) {
        switch found {
        case .nothing, .previews: break
        case .picture, .link, .broken, .withheld: return nil
        }
        let report = Self.report(response) ?? .object([:])
        let header = ["operation-location", "azure-asyncoperation", "location"].lazy
            .compactMap { response.headers[$0] }.first
        let state = Self.state(report)
        let id = Self.id(report)
        guard response.status == 202 || header != nil || state == .underWay && id != nil else { return nil }
        let told =
            header ?? report["urls"]?["get"]?.string ?? report["polling_url"]?.string ?? report["status_url"]?.string
        if let told {
            places = [AnswerLink.resolved(told, base: base)]
        } else if let id {
            places = ["images/generations", "images/tasks", "images", "tasks"].map {
                "\(base)/\($0)/\(id.pathSegment)\(query.isEmpty ? "" : "?\(query)")"
            }
        } else {
            return nil
        }
        self.id = id?.text ?? "operation"
        retryAfter = response.retryAfter
    }

    /// The order that an earlier process left under way; `nil` if there is none.
    init?(_ orders: OrderBook) {
        guard let places = orders.places, !places.isEmpty, case .accepted(let id) = orders.unsettled else { return nil }
        self.places = places
        self.id = id.text
        retryAfter = nil
    }

    /// Stores where to ask, for a process that comes after this one.
    func note(in orders: OrderBook) {
        if let id = OrderID(id) { orders.accepted(id, at: places) }
    }

    /// Asks until the picture is there. Nothing is ordered again, whatever becomes of a question.
    ///
    /// - Parameters:
    ///   - timeout: seconds for all questions.
    ///   - get: answers a question.
    /// - Throws: `ServiceError` whose `order` is the fate; `CancellationError`.
    func finished(
        provider: String, timeout: Double, get: (String) async throws -> HTTPResponse
    ) async throws -> (HTTPResponse, PictureAnswer.Found) {
        var polling = OrderPolling(timeout: timeout, first: 0.25, longest: 5)
        polling.wait(atLeast: retryAfter)
        var (place, refused) = (0, 0)
        let failure = ProviderFailure(provider: provider)
        while try await polling.pause() {
            let response: HTTPResponse
            do {
                response = try await get(places[place])
            } catch let error as ServiceError {
                guard error.retryable else { throw lost(error, provider) }
                continue
            }
            polling.wait(atLeast: response.retryAfter)
            guard response.isSuccess else {
                let error = failure.error(response)
                if error?.retryable == true { continue }
                refused += 1
                place = (place + 1) % places.count
                guard refused < max(Self.refusals, 2 * places.count) else {
                    throw lost(error ?? ServiceError(.unavailable, "\(provider): refused"), provider)
                }
                continue
            }
            refused = 0
            let found = PictureAnswer.find(in: response.body)
            switch found {
            case .picture, .link, .broken, .withheld: return (response, found)
            case .nothing, .previews: break
            }
            // One that cannot be read is no end.
            guard let report = Self.report(response) else { continue }
            switch Self.state(report) {
            case .succeeded: return (response, found)
            case .failed, .cancelled, .neverBegun: throw failed(failure.error(response), provider)
            case .underWay: break
            case nil: if let error = failure.error(response) { throw failed(error, provider) }
            }
        }
        var late = ServiceError(
            .timeout,
            "\(provider): \(id) was accepted, and brought no picture within the time for it; it may be billed",
            retryable: false, provider: provider, requestID: id)
        late.order = .unknown
        throw late
    }

    /// The provider reports that it made nothing.
    private func failed(_ error: ServiceError?, _ provider: String) -> ServiceError {
        var failure =
            error ?? ServiceError(.unavailable, "\(provider): \(id) failed", retryable: true, provider: provider)
        failure.order = .refused
        return failure
    }

    /// The order goes on there, and cannot be asked about.
    private func lost(_ error: ServiceError, _ provider: String) -> ServiceError {
        var lost = error
        lost.message += "; \(id) was accepted, cannot be asked about, and may be billed"
        lost.retryable = false
        lost.provider = provider
        lost.order = .unknown
        return lost
    }

    // MARK: - Reports

    private static func report(_ response: HTTPResponse) -> JSONValue? {
        guard response.body.count <= longestReport else { return nil }
        return try? JSONCoding.decode(JSONValue.self, from: response.body)
    }

    /// Servers wrap what they report.
    private static func layers(_ report: JSONValue) -> [JSONValue] {
        [report] + ["data", "output", "result", "task"].compactMap { report[$0] }.map { $0.array?.first ?? $0 }
    }

    private static func state(_ report: JSONValue) -> OrderWord? {
        let words = layers(report).lazy.flatMap { layer in
            ["status", "task_status", "state", "taskStatus"].lazy.compactMap { layer[$0]?.string }
        }
        return words.first.map(OrderWord.init)
    }

    private static func id(_ report: JSONValue) -> OrderID? {
        layers(report).lazy.flatMap { layer in
            ["task_id", "taskId", "id", "request_id"].lazy.compactMap { OrderID(layer[$0]) }
        }.first
    }
}
