import FoundationEssentials
package import JSONRPC
import Untrusted

/// One piece of work at Replicate, as its API tells of it.
package struct ReplicatePrediction: Decodable, Sendable {
    package enum Status: String, Decodable, Sendable {
        case starting, processing, succeeded, failed, canceled, aborted

        package var isOver: Bool { self != .starting && self != .processing }
    }

    package let id: String
    package let status: Status
    private let output: JSONValue?
    private let error: JSONValue?
    private let logs: String?

    /// The URLs of what was made: a model answers with one, or with a list.
    package var outputs: [String] {
        if let one = output?.string { return [one] }
        return output?.array?.compactMap(\.string) ?? []
    }

    /// 0 to 1, where the model's log ends with percents, as most do.
    package var fraction: Double? {
        guard let logs, let mark = logs.lastIndex(of: "%") else { return nil }
        let digits = logs[..<mark].reversed().prefix { $0.isASCII && $0.isNumber }
        return Int(String(digits.reversed())).flatMap { (0...100).contains($0) ? Double($0) / 100 : nil }
    }

    /// Why there is no result. `nil` while the work goes on, and when it succeeded.
    package var failure: ServiceError? {
        guard status.isOver, status != .succeeded else { return nil }
        let words = (error?.string ?? "the prediction was \(status.rawValue)").bounded(to: 1000)
        let lower = words.lowercased()
        if ["nsfw", "safety", "sensitive", "moderation", "flagged"].contains(where: lower.contains) {
            return failed(.contentRejected, words, detail: words, retryable: false)
        }
        // Codes like (E6716) and (code: PA) are Replicate's own and say that its machine failed, not the input.
        let isPassing = lower.contains("(e") || lower.contains("code: pa") || status == .aborted
        return failed(.unavailable, words, detail: nil, retryable: isPassing)
    }

    private func failed(_ kind: ErrorKind, _ words: String, detail: String?, retryable: Bool) -> ServiceError {
        ServiceError(
            kind, "replicate: \(words)", retryable: retryable, detail: detail, provider: "replicate",
            providerCode: status.rawValue, requestID: id)
    }

    /// Whether the id can be a part of a URL.
    var isNameable: Bool {
        !id.isEmpty && id.utf8.count <= 128
            && id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) }
    }
}
