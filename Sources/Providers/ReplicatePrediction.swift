// SPDX-License-Identifier: Apache-2.0

import Faults
import JSON
import Untrusted

/// A prediction in a response of Replicate's API.
struct ReplicatePrediction: Sendable {
    private let response: OrderResponse
    private let kind: MediaLinks.Kind

    /// - Parameters:
    ///   - value: A JSON object of a response or of a list.
    ///   - kind: The kind of media that the model returns.
    /// - Returns: `nil` if the value is not a prediction.
    init?(_ value: JSONValue, _ kind: MediaLinks.Kind) {
        guard let response = OrderResponse(value),
            response.value["status"]?.string != nil || OrderID(response.value["id"]) != nil
        else { return nil }
        self.response = response
        self.kind = kind
    }

    /// The name of the model, `owner/name`.
    var model: String? { response.value["model"]?.string }
    /// The ID of the model's version.
    var version: String? { response.value["version"]?.string }
    /// The input that the prediction was created with.
    var input: JSONValue? { response.value["input"] }

    /// Returns the prediction's state.
    ///
    /// - Parameter known: The order's ID, if it is known; a response need not repeat it.
    /// - Returns: `nil` if there is no ID, or if the response reports an error of the status request.
    func report(_ known: OrderID?) -> OrderReport? {
        guard let id = OrderID(response.value["id"]) ?? known else { return nil }
        let word = response.value["status"]?.string ?? ""
        // An error without a status rejects the order or the status request.
        if word.isEmpty, response.hasError {
            guard known == nil else { return nil }
            return OrderReport(id: id, state: .failed(failure("refused", id)))
        }
        let state: OrderReport.State =
            switch OrderStatusWord(word) {
            case .inProgress: .inProgress
            case .succeeded: .succeeded
            case .failed, .cancelled, .notStarted: .failed(failure(word, id))
            }
        return OrderReport(
            id: id, state: state, fraction: fraction,
            outputs: MediaLinks.find(kind, in: response.value["output"]))
    }

    /// Progress from 0 to 1: the `progress` member, or the last percentage in the model's log.
    private var fraction: Double? {
        if let fraction = OrderResponse.fraction(response.value["progress"]) { return fraction }
        guard let logs = response.value["logs"]?.string, let mark = logs.lastIndex(of: "%") else { return nil }
        let digits = logs[..<mark].reversed().prefix { $0.isASCII && $0.isNumber }
        return Int(String(digits.reversed())).flatMap { (0...100).contains($0) ? Double($0) / 100 : nil }
    }

    /// Whether an error text contains one of Replicate's own codes, such as `(E6716)` or `(code: PA)`: the machine failed, not the
    /// input.
    static func hasFaultCode(_ text: String) -> Bool {
        if text.contains("(code: PA)") { return true }
        return text.split(separator: "(E", omittingEmptySubsequences: false).dropFirst().contains { rest in
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            return (3...5).contains(digits.count) && rest[digits.endIndex...].first == ")"
        }
    }

    /// The error of a prediction that failed, was cancelled or did not start.
    private func failure(_ word: String, _ id: OrderID) -> ServiceError {
        let word = word.bounded(to: 40)
        let message =
            (response.value["error"]?.string ?? response.failure.message)?.bounded(to: TextBound.message) ?? ""
        let text = ErrorClassification.readable(message) ?? "the prediction was \(word.printable())"
        let lower = message.lowercased()
        let isRejected = ["nsfw", "safety", "sensitive", "moderation", "flagged"].contains(where: lower.contains)
        let isTransient = Self.hasFaultCode(message) || OrderStatusWord(word) == .notStarted
        var failure = ServiceError(
            isRejected ? .contentRejected : .unavailable, "replicate: \(text)", retryable: isTransient && !isRejected,
            detail: isRejected ? text : nil, provider: "replicate", providerCode: word, requestID: id.text)
        failure.chargeStatus = OrderStatusWord(word) == .notStarted ? .refused : .unknown
        return failure
    }
}
