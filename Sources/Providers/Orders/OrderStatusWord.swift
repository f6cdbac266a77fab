// SPDX-License-Identifier: Apache-2.0

/// The meaning of a provider's status word. Servers that share an API use different words, in any case and with any separator:
/// `in_progress`, `Processing`, `TASK_STATUS_SUCCEED`.
///
/// ```swift
/// OrderStatusWord("TASK_STATUS_SUCCEED")  // .succeeded
/// OrderStatusWord("half-baked")           // .inProgress
/// ```
package enum OrderStatusWord: Sendable, Equatable {
    /// In progress. Unknown words count as in progress: an accepted order is given up only if the provider reports its end.
    case inProgress
    /// Finished with a result.
    case succeeded
    /// Ended by an error or a content filter.
    case failed
    /// Ended by a cancellation or the provider's time limit.
    case cancelled
    /// Ended before processing started; not billed.
    case notStarted

    /// Classifies a word by its letters, ignoring case and prefixes such as `TASK_STATUS_`.
    package init(_ word: String) {
        let letters = word.lowercased().unicodeScalars.filter { ("a"..."z").contains($0) }
        var text = String(String.UnicodeScalarView(letters))
        for prefix in ["task", "job", "video", "state", "status"] where text.hasPrefix(prefix) && text != prefix {
            text.removeFirst(prefix.count)
        }
        self = Self.known[text] ?? .inProgress
    }

    /// Whether a word may also report a failed status request instead of a failed order (JSend: `error`, `fail`).
    package static func mayDescribeRequest(_ word: String) -> Bool {
        ["error", "fail", "errored"].contains(word.lowercased())
    }

    private static let known: [String: OrderStatusWord] = {
        var known: [String: OrderStatusWord] = [:]
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
        known["aborted"] = .notStarted
        return known
    }()
}
