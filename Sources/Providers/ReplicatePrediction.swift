import Faults
import JSON
import Untrusted

/// One piece of work at Replicate, as its API reports it.
struct ReplicatePrediction: Sendable {
    private let answer: OrderAnswer
    private let kind: MediaLinks.Kind

    /// - Parameter kind: of the result.
    init?(_ value: JSONValue, _ kind: MediaLinks.Kind) {
        guard let answer = OrderAnswer(value),
            answer.value["status"]?.string != nil || OrderID(answer.value["id"]) != nil
        else { return nil }
        self.answer = answer
        self.kind = kind
    }

    var model: String? { answer.value["model"]?.string }
    var version: String? { answer.value["version"]?.string }
    var input: JSONValue? { answer.value["input"] }

    /// - Parameter id: if the answer has none.
    func report(_ known: OrderID?) -> OrderReport? {
        let own = OrderID(answer.value["id"])
        guard let id = own ?? known else { return nil }
        let word = answer.value["status"]?.string ?? ""
        // Without a status it is a refusal, of the order or of a question.
        if word.isEmpty, answer.hasError {
            guard known == nil else { return nil }
            return OrderReport(id: id, standing: .failed(failure("refused", id)))
        }
        let standing: OrderReport.Standing =
            switch OrderWord(word) {
            case .underWay: .underWay
            case .succeeded: .succeeded
            case .failed, .cancelled, .neverBegun: .failed(failure(word, id))
            }
        return OrderReport(
            id: id, standing: standing, fraction: fraction,
            outputs: MediaLinks.find(kind, in: answer.value["output"]))
    }

    /// 0 to 1, where the model's log ends with percents, as most do.
    private var fraction: Double? {
        if let fraction = OrderAnswer.fraction(answer.value["progress"]) { return fraction }
        guard let logs = answer.value["logs"]?.string, let mark = logs.lastIndex(of: "%") else { return nil }
        let digits = logs[..<mark].reversed().prefix { $0.isASCII && $0.isNumber }
        return Int(String(digits.reversed())).flatMap { (0...100).contains($0) ? Double($0) / 100 : nil }
    }

    /// Whether an error has one of Replicate's own codes, e.g. (E6716) or (code: PA): its machine failed, not the input.
    static func hasFaultCode(_ text: String) -> Bool {
        if text.contains("(code: PA)") { return true }
        return text.split(separator: "(E", omittingEmptySubsequences: false).dropFirst().contains { rest in
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            return (3...5).contains(digits.count) && rest[digits.endIndex...].first == ")"
        }
    }

    /// Why there is no result.
    private func failure(_ word: String, _ id: OrderID) -> ServiceError {
        let word = word.bounded(to: 40)
        let said = (answer.value["error"]?.string ?? answer.failure.words)?.bounded(to: TextBound.message) ?? ""
        let words = RefusalWords.readable(said) ?? "the prediction was \(word.printable())"
        let lower = said.lowercased()
        let isRefusal = ["nsfw", "safety", "sensitive", "moderation", "flagged"].contains(where: lower.contains)
        let isPassing = Self.hasFaultCode(said) || OrderWord(word) == .neverBegun
        var failure = ServiceError(
            isRefusal ? .contentRejected : .unavailable, "replicate: \(words)", retryable: isPassing && !isRefusal,
            detail: isRefusal ? words : nil, provider: "replicate", providerCode: word, requestID: id.text)
        failure.order = OrderWord(word) == .neverBegun ? .refused : .unknown
        return failure
    }
}
