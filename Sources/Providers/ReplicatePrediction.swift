import JSONRPC
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
    var createdAt: Double? { OrderAnswer.seconds(answer.value["created_at"]) }

    /// - Parameter id: if the answer has none.
    func report(_ known: OrderID?) -> OrderReport? {
        guard let id = OrderID(answer.value["id"]) ?? known else { return nil }
        let word = answer.value["status"]?.string ?? ""
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

    /// Why there is no result.
    private func failure(_ word: String, _ id: OrderID) -> ServiceError {
        let word = word.bounded(to: 40)
        let said = answer.value["error"]?.string ?? answer.failure.words
        let words = (said ?? "the prediction was \(word)").bounded(to: 1000)
        let lower = words.lowercased()
        let isRefusal = ["nsfw", "safety", "sensitive", "moderation", "flagged"].contains(where: lower.contains)
        // Codes like (E6716) and (code: PA) are Replicate's own and say that its machine failed, not the input.
        let isPassing = lower.contains("(e") || lower.contains("code: pa") || OrderWord(word) == .neverBegun
        var failure = ServiceError(
            isRefusal ? .contentRejected : .unavailable, "replicate: \(words)", retryable: isPassing && !isRefusal,
            detail: isRefusal ? words : nil, provider: "replicate", providerCode: word, requestID: id.text)
        failure.order = OrderWord(word) == .neverBegun ? .refused : .unknown
        return failure
    }
}
