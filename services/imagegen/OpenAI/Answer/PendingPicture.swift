import Faults
import FoundationEssentials
import HTTP
import Providers
import Untrusted

/// A picture that a server has accepted to draw and is asked for: an operation of Azure (202 with `operation-location`), or an answer
/// with an id and a state.
struct PendingPicture {
    /// Bytes of a report that is read.
    private static let longestReport = 1 << 20
    /// The id of an operation that has none.
    private static let nameless = "operation"

    /// Sends a request: the method and the URL.
    typealias Exchange = (String, String) async throws -> HTTPResponse

    /// Where to ask, the likeliest first: servers that send an id alone differ in it.
    private let places: [String]
    /// Whether the server said where to ask.
    private let isTold: Bool
    private let links: OperationLinks
    private let base: String
    let id: String
    private let retryAfter: Double?

    /// - Parameters:
    ///   - found: what the answer holds of a picture.
    ///   - base: the configured URL, without a slash at the end.
    ///   - query: of the configured URL.
    /// - Returns: `nil` for an answer that is final.
    /// - Throws: `unavailable`, of unknown fate, for an order that was accepted and cannot be asked about.
    init?(
        _ response: HTTPResponse, _ found: PictureAnswer.Found, base: String, query: String, provider: String
    ) throws(ServiceError) {
        let answer = Self.answer(response)
        var link: String?
        switch found {
        case .nothing, .previews: break
        case .link(let text) where response.status == 202 && answer?.word.map(OrderWord.init) == .underWay: link = text
        case .picture, .link, .broken, .withheld: return nil
        }
        let header = ["operation-location", "azure-asyncoperation", "location"].lazy
            .compactMap { response.headers[$0] }.first
        let word = answer?.word.map(OrderWord.init)
        switch word {
        case .failed, .cancelled, .neverBegun: return nil
        case .underWay, .succeeded, nil: break
        }
        let isSaid = response.status == 202 || header != nil || word == .underWay || answer?.orderID != nil
        let isRefused =
            ProviderFailure(provider: provider).error(response)?.order == .refused
            || answer?.hasError == true && response.status != 202 && header == nil
        guard isSaid, !isRefused else { return nil }
        links = OperationLinks(answer)
        self.base = base
        let id = answer?.id
        if let told = header ?? links.question ?? links.result ?? link {
            places = [AnswerLink.resolved(told, base: base)]
            isTold = true
        } else if let id {
            places = ["images/generations", "images/tasks", "images", "tasks"].map {
                "\(base)/\($0)/\(id.pathSegment)\(query.isEmpty ? "" : "?\(query)")"
            }
            isTold = false
        } else {
            var error = ServiceError(
                .unavailable,
                "\(provider): the order was accepted, but the answer names no operation to ask for; it may be billed",
                retryable: false, provider: provider)
            error.order = .unknown
            throw error
        }
        self.id = id?.text ?? Self.nameless
        retryAfter = response.retryAfter
    }

    /// The order that an earlier process left under way; `nil` if there is none.
    init?(_ orders: OrderBook, base: String) {
        guard let places = orders.places, !places.isEmpty, case .accepted(let id) = orders.unsettled else { return nil }
        self.places = places
        isTold = places.count == 1
        links = OperationLinks(nil)
        self.base = base
        self.id = id.text
        retryAfter = nil
    }

    /// Stores where to ask, for a process that comes after this one.
    func note(in orders: OrderBook) {
        if let id = OrderID(id) { orders.accepted(id, at: places) }
    }

    // MARK: - Asking

    /// Asks until the picture is there. Nothing is ordered again, whatever becomes of a question; an order that is given up is
    /// cancelled.
    ///
    /// - Parameters:
    ///   - timeout: seconds for all questions.
    ///   - patience: for `RefusalPatience`.
    ///   - size: in pixels, that was asked for.
    /// - Throws: `ServiceError` whose `order` is the fate; `CancellationError`.
    func finished(
        provider: String, timeout: Double, patience: Double, size: (width: Int, height: Int), exchange: Exchange
    ) async throws -> (HTTPResponse, PictureAnswer.Found) {
        var answered: String?
        do {
            return try await end(provider, timeout, patience, size, &answered, exchange)
        } catch {
            if (error as? ServiceError)?.order ?? .unknown == .unknown { await cancel(answered, exchange) }
            throw error
        }
    }

    private func end(
        _ provider: String, _ timeout: Double, _ patience: Double, _ size: (width: Int, height: Int),
        _ answered: inout String?, _ exchange: Exchange
    ) async throws -> (HTTPResponse, PictureAnswer.Found) {
        var polling = OrderPolling(timeout: timeout, first: 0.25, longest: 5)
        polling.wait(atLeast: retryAfter)
        var (places, place) = (self.places, 0)
        var refusals = RefusalPatience(seconds: patience)
        var nothings = RefusalPatience(seconds: patience)
        var failures = 0
        let failure = ProviderFailure(provider: provider)
        func refused(_ error: ServiceError) throws {
            if error.retryable { return refusals.answered() }
            place = (place + 1) % places.count
            if refusals.refused(atLeast: max(3, 2 * places.count)) { throw lost(error, provider) }
        }
        while try await polling.pause() {
            let response: HTTPResponse
            do {
                response = try await exchange("GET", places[place])
            } catch let error as ServiceError {
                guard error.retryable else { throw lost(error, provider) }
                continue
            }
            polling.wait(atLeast: response.retryAfter)
            guard response.isSuccess else {
                try refused(failure.error(response) ?? ServiceError(.unavailable, "\(provider): refused"))
                continue
            }
            answered = places[place]
            let found = PictureAnswer.find(in: response.body, size: size)
            switch found {
            case .picture, .link, .withheld: return (response, found)
            case .broken:
                if nothings.refused() { return (response, found) }
                continue
            case .nothing, .previews: break
            }
            // One that cannot be read is no end.
            guard let answer = Self.answer(response) else { continue }
            switch answer.word.map(OrderWord.init) {
            case .succeeded:
                refusals.answered()
                if let result = OperationLinks(answer).result ?? links.result,
                    case let next = AnswerLink.resolved(result, base: base), next != places[place]
                {
                    (places, place) = ([next], 0)
                } else if nothings.refused() {
                    throw nothing(provider)
                }
            case let word? where word != .underWay:
                failures += 1
                // One without the order's id may be a refusal of the question; servers that leave ids out repeat it.
                guard isNamed(by: answer) || failures >= 3 && !OrderWord.isOfQuestions(answer.word ?? "") else {
                    continue
                }
                throw failed(failure.error(response), provider, wasEnded: word == .cancelled)
            case .some:
                refusals.answered()
                failures = 0
            case nil: if let error = failure.error(response) { try refused(error) }
            }
        }
        var late = ServiceError(
            .timeout,
            "\(provider): \(id) was accepted, and brought no picture within the time for it; it may be billed",
            retryable: false, provider: provider, requestID: id)
        late.order = .unknown
        throw late
    }

    /// Whether a report names the order.
    private func isNamed(by answer: OrderAnswer) -> Bool {
        guard id == Self.nameless else { return answer.id?.text == id }
        return answer.orderID != nil || OrderID(answer["id"]) != nil
    }

    /// Ends the work there, also if this task is cancelled itself.
    ///
    /// - Parameter answered: a place that is known to be the order's.
    private func cancel(_ answered: String?, _ exchange: Exchange) async {
        if let link = links.cancellation {
            _ = try? await exchange("POST", AnswerLink.resolved(link, base: base))
        } else if let place = isTold ? places.first : answered {
            _ = try? await exchange("DELETE", place)
        }
    }

    // MARK: - Ends

    /// The provider reports that it made nothing.
    ///
    /// - Parameter wasEnded: whether somebody, or the time, ended the work, which may be billed until then.
    private func failed(_ error: ServiceError?, _ provider: String, wasEnded: Bool) -> ServiceError {
        let words = wasEnded ? "was cancelled or has expired, and may be billed" : "failed"
        var failure = error ?? ServiceError(.unavailable, "\(provider): \(id) \(words)", provider: provider)
        failure.order = wasEnded ? .unknown : .refused
        failure.retryable = !wasEnded && failure.retryable
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

    private func nothing(_ provider: String) -> ServiceError {
        PaidWork(provider: provider, id: id).lost(
            ServiceError(.unavailable, "\(provider): \(id) succeeded without a picture", provider: provider))
    }

    private static func answer(_ response: HTTPResponse) -> OrderAnswer? {
        response.body.count <= longestReport ? OrderAnswer(response.body) : nil
    }
}
