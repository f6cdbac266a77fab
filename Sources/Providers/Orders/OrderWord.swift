/// A provider's word for the state of an order. Servers that speak the same API use different ones, in any case and with any
/// separator: `in_progress`, `Processing`, `TASK_STATUS_SUCCEED`.
package enum OrderWord: Sendable, Equatable {
    /// Also any word that is not known: an accepted order is given up only if the provider says so.
    case underWay
    case succeeded
    case failed
    /// Ended by somebody, or by the provider's clock.
    case cancelled
    /// Never begun, so that it cost nothing.
    case neverBegun

    package init(_ word: String) {
        let letters = word.lowercased().unicodeScalars.filter { ("a"..."z").contains($0) }
        var text = String(String.UnicodeScalarView(letters))
        for prefix in ["task", "job", "video", "state", "status"] where text.hasPrefix(prefix) && text != prefix {
            text.removeFirst(prefix.count)
        }
        self = Self.known[text] ?? .underWay
    }

    /// Whether a word is also used for questions that were refused (JSend: `error`, `fail`).
    package static func isOfQuestions(_ word: String) -> Bool {
        ["error", "fail", "errored"].contains(word.lowercased())
    }

    private static let known: [String: OrderWord] = {
        var known: [String: OrderWord] = [:]
        for word in [
            "succeeded", "succeed", "success", "successful", "successfully", "completed", "complete", "done",
            "finished",
            "finish", "ready", "available",
        ] { known[word] = .succeeded }
        for word in [
            "failed", "fail", "failure", "error", "errored", "rejected", "reject", "blocked", "moderated", "nsfw",
            "contentmoderated", "requestmoderated", "invalid", "crashed", "incomplete",
        ] { known[word] = .failed }
        for word in [
            "cancelled", "canceled", "cancel", "expired", "timeout", "timedout", "interrupted", "terminated", "stopped",
            "deleted",
        ] { known[word] = .cancelled }
        known["aborted"] = .neverBegun
        return known
    }()
}
