// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// Classifies provider errors by their codes and message texts.
///
/// Codes are compared by letters and digits alone: `contentFilter`, `content_filter` and `CONTENT_FILTERED` are equal.
package enum ErrorClassification {
    /// The cause of a rejection, as far as codes or message text show it.
    enum Cause: Sendable {
        case contentRejected, noCredit, rateLimited, modelNotFound, unauthorized
    }

    private static let knownCodes: [(part: String, cause: Cause)] = [
        ("contentfilter", .contentRejected), ("contentpolicy", .contentRejected), ("policyviolation", .contentRejected),
        ("contentviolation", .contentRejected), ("moderation", .contentRejected), ("safety", .contentRejected),
        ("sensitivecontent", .contentRejected), ("nsfw", .contentRejected), ("prohibitedcontent", .contentRejected),
        ("contentblocked", .contentRejected), ("contentrejected", .contentRejected),
        ("contentmoderat", .contentRejected),
        ("datainspectionfailed", .contentRejected), ("responsibleai", .contentRejected),
        ("insufficientquota", .noCredit), ("insufficientuserquota", .noCredit), ("insufficientbalance", .noCredit),
        ("insufficientcredit", .noCredit), ("insufficientfund", .noCredit), ("billing", .noCredit),
        ("paymentrequired", .noCredit), ("budgetexceeded", .noCredit), ("arrearage", .noCredit),
        ("ratelimit", .rateLimited), ("toomanyrequests", .rateLimited), ("throttl", .rateLimited),
        ("modelnotfound", .modelNotFound), ("deploymentnotfound", .modelNotFound),
        ("invalidapikey", .unauthorized), ("authenticationerror", .unauthorized),
    ]

    /// Lowercased fragments of messages. Words that also name parameters, such as `moderation`, are not included.
    private static let sentences: [(part: String, cause: Cause)] = [
        ("contentpolicyviolation", .contentRejected), ("content policy", .contentRejected),
        ("content management policy", .contentRejected), ("safety system", .contentRejected),
        ("safety filter", .contentRejected), ("content filter", .contentRejected),
        ("content moderation", .contentRejected), ("responsible ai", .contentRejected),
        ("violate our", .contentRejected), ("violates our", .contentRejected), ("nsfw", .contentRejected),
        ("prohibited content", .contentRejected), ("exceeded your current quota", .noCredit),
        ("insufficient credit", .noCredit), ("insufficient balance", .noCredit),
        ("budget has been exceeded", .noCredit), ("balance is insufficient", .noCredit),
        ("balance is not enough", .noCredit), ("balance not enough", .noCredit), ("not enough balance", .noCredit),
        ("not enough credit", .noCredit), ("insufficient fund", .noCredit), ("insufficient quota", .noCredit),
        ("out of credit", .noCredit), ("no credit", .noCredit), ("balance is too low", .noCredit),
        ("payment required", .noCredit), ("\u{4F59}\u{989D}\u{4E0D}\u{8DB3}", .noCredit),
    ]

    /// Returns the cause that the codes or the message indicate.
    ///
    /// A known code takes precedence over the message, except that an exhausted account reported as a rate limit counts as
    /// `noCredit`.
    ///
    /// - Parameters:
    ///   - codes: The provider's error codes, the most specific first.
    ///   - message: The provider's message.
    /// - Returns: `nil` if only the HTTP status indicates the cause.
    static func cause(codes: [String], message: String) -> Cause? {
        let text = message.bounded(to: TextBound.message).lowercased()
        // Azure's message for a blocked account quotes its content policy.
        if text.contains("resource has been temporarily blocked") { return .unauthorized }
        let messageCause = sentences.first { text.contains($0.part) }?.cause
        for code in codes {
            let letters = String(String.UnicodeScalarView(code.lowercased().unicodeScalars.filter(isLetterOrDigit)))
            guard let known = knownCodes.first(where: { letters.contains($0.part) }) else { continue }
            // Some providers report an exhausted account as a rate limit.
            return known.cause == .rateLimited && messageCause == .noCredit ? .noCredit : known.cause
        }
        return messageCause
    }

    /// Whether a server error reports that the connection to the upstream server failed, which may have accepted the order.
    static func reportsUpstreamLoss(_ message: String, codes: [String]) -> Bool {
        let text = ([message.bounded(to: TextBound.message)] + codes).joined(separator: " ").lowercased()
        return ["timeout", "timed out", "apiconnectionerror", "connection reset", "gateway"].contains(
            where: text.contains)
    }

    /// Whether a server error reports that processing of the order did not start.
    static func reportsUnprocessed(_ message: String, codes: [String]) -> Bool {
        let text = ([message.bounded(to: TextBound.message)] + codes).joined(separator: " ").lowercased()
        return [
            "overload", "rate limit", "ratelimit", "rate_limit", "too many requests", "too_many_requests", "throttl",
            "at capacity", "no capacity", "queue is full", "queue_full", "server is busy", "not processed",
            "is loading", "currently loading",
        ].contains(where: text.contains)
    }

    /// The maximum size of a displayed message, in bytes.
    private static let maximumMessageBytes = 300
    /// A word or URL with at least this many ASCII characters is treated as data and not displayed.
    private static let (dataWordLength, dataLinkLength) = (60, 120)
    /// The minimum length of a line of wrapped base64 or hexadecimal data, in bytes.
    private static let dataLineLength = 24

    /// Returns the displayable part of a provider's message: one line, up to the first markup tag or encoded data, at most 300
    /// bytes.
    ///
    /// - Returns: `nil` if the text is a web page, binary data, or contains no displayable words.
    package static func readable(_ message: String) -> String? {
        let head = message.bounded(to: TextBound.message)
        let lower = head.lowercased()
        guard !lower.contains("<html"), !lower.contains("<!doctype"), !lower.contains("<body"),
            !lower.hasPrefix("<?xml"),
            head.unicodeScalars.count(where: { $0 == "\u{FFFD}" || $0.value < 0x09 }) < 3
        else { return nil }
        let words = textBeforeMarkup(head).split(whereSeparator: \.isWhitespace)
        let end = words.indices.first { index in
            isData(words[index])
                || isDataLine(words[index]) && index + 1 < words.endIndex && isDataLine(words[index + 1])
        }
        let text = words[..<(end ?? words.endIndex)].joined(separator: " ").printable()
        return text.isEmpty ? nil : text.bounded(to: maximumMessageBytes)
    }

    /// The text before the first HTML or XML tag.
    private static func textBeforeMarkup(_ text: String) -> Substring {
        var rest = text[...]
        while let open = rest.firstIndex(of: "<") {
            rest = rest[rest.index(after: open)...]
            guard let next = rest.first, rest.contains(">") else { continue }
            if next.isASCII && next.isLetter || "/!?".contains(next) { return text[..<open] }
        }
        return text[...]
    }

    /// Whether a word is encoded data, or too long to be text.
    private static func isData(_ word: Substring) -> Bool {
        let lower = word.prefix(64).lowercased()
        if lower.hasPrefix("data:") || lower.contains(";base64,") { return true }
        let isLink = lower.hasPrefix("https://") || lower.hasPrefix("http://")
        return word.utf8.count { $0 < 0x80 } >= (isLink ? dataLinkLength : dataWordLength)
    }

    /// Whether a word may be one line of wrapped base64 or hexadecimal data.
    private static func isDataLine(_ word: Substring) -> Bool {
        word.utf8.count >= dataLineLength
            && word.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "+/=-_".utf8.contains($0)
            }
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
    }
}
