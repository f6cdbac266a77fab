import Untrusted

/// What providers' codes and sentences mean. Codes are compared as letters and digits alone: `contentFilter`, `content_filter` and
/// `CONTENT_FILTERED` are one.
package enum RefusalWords {
    enum Meaning {
        case contentRejected, noCredit, rateLimited, noModel, unauthorized
    }

    private static let codes: [(part: String, meaning: Meaning)] = [
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
        ("modelnotfound", .noModel), ("deploymentnotfound", .noModel),
        ("invalidapikey", .unauthorized), ("authenticationerror", .unauthorized),
    ]

    /// Parts of sentences, in lower case. Words that also name parameters (`moderation`) are not among them.
    private static let sentences: [(part: String, meaning: Meaning)] = [
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

    /// - Parameters:
    ///   - codes: the most exact first.
    ///   - message: the provider's words.
    /// - Returns: `nil` where only the status says what happened.
    static func meaning(codes list: [String], message: String) -> Meaning? {
        let words = message.bounded(to: TextBound.message).lowercased()
        // Azure's block of a whole account quotes its policy.
        if words.contains("resource has been temporarily blocked") { return .unauthorized }
        let said = sentences.first { words.contains($0.part) }?.meaning
        for code in list {
            let letters = String(String.UnicodeScalarView(code.lowercased().unicodeScalars.filter(isLetterOrDigit)))
            guard let known = codes.first(where: { letters.contains($0.part) }) else { continue }
            // A limit of the account is reported as one of the rate too.
            return known.meaning == .rateLimited && said == .noCredit ? .noCredit : known.meaning
        }
        return said
    }

    /// Whether a server's own failure says that it lost the one behind it, which may have taken the order.
    static func saysLost(_ message: String, codes: [String]) -> Bool {
        let words = ([message.bounded(to: TextBound.message)] + codes).joined(separator: " ").lowercased()
        return ["timeout", "timed out", "apiconnectionerror", "connection reset", "gateway"].contains(
            where: words.contains)
    }

    /// Whether a server that failed says that it did not begin to work on the order.
    static func saysUnprocessed(_ message: String, codes: [String]) -> Bool {
        let words = ([message.bounded(to: TextBound.message)] + codes).joined(separator: " ").lowercased()
        return [
            "overload", "rate limit", "ratelimit", "rate_limit", "too many requests", "too_many_requests", "throttl",
            "at capacity", "no capacity", "queue is full", "queue_full", "server is busy", "not processed",
            "is loading", "currently loading",
        ].contains(where: words.contains)
    }

    /// Bytes that a message may have.
    private static let longest = 300
    /// ASCII characters of a word, and of a link, that is shown: longer ones are data.
    private static let (longestWord, longestLink) = (60, 120)
    /// Characters from which on a word may be a piece of data that is broken into lines.
    private static let longestPlain = 24

    /// A provider's message as far as it is one: on one line, up to the first tag, data or other thing that is not for people.
    ///
    /// - Returns: `nil` for a text that is not a message for people.
    package static func readable(_ message: String) -> String? {
        let head = message.bounded(to: TextBound.message)
        let lower = head.lowercased()
        guard !lower.contains("<html"), !lower.contains("<!doctype"), !lower.contains("<body"),
            !lower.hasPrefix("<?xml"),
            head.unicodeScalars.count(where: { $0 == "\u{FFFD}" || $0.value < 0x09 }) < 3
        else { return nil }
        let words = untilTag(head).split(whereSeparator: \.isWhitespace)
        let end = words.indices.first { index in
            isData(words[index])
                || isPiece(words[index]) && index + 1 < words.endIndex && isPiece(words[index + 1])
        }
        let text = words[..<(end ?? words.endIndex)].joined(separator: " ").printable()
        return text.isEmpty ? nil : text.bounded(to: longest)
    }

    /// What is before the first tag of HTML or XML.
    private static func untilTag(_ text: String) -> Substring {
        var rest = text[...]
        while let open = rest.firstIndex(of: "<") {
            rest = rest[rest.index(after: open)...]
            guard let next = rest.first, rest.contains(">") else { continue }
            if next.isASCII && next.isLetter || "/!?".contains(next) { return text[..<open] }
        }
        return text[...]
    }

    private static func isData(_ word: Substring) -> Bool {
        let lower = word.prefix(64).lowercased()
        if lower.hasPrefix("data:") || lower.contains(";base64,") { return true }
        let isLink = lower.hasPrefix("https://") || lower.hasPrefix("http://")
        return word.utf8.count { $0 < 0x80 } >= (isLink ? longestLink : longestWord)
    }

    /// Whether a word may be one of the lines of base64 or of hexadecimal digits.
    private static func isPiece(_ word: Substring) -> Bool {
        word.utf8.count >= longestPlain
            && word.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "+/=-_".utf8.contains($0)
            }
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
    }
}
