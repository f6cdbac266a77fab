import Untrusted

/// What providers' codes and sentences mean. Codes are compared as letters and digits alone: `contentFilter`, `content_filter` and
/// `CONTENT_FILTERED` are one.
enum RefusalWords {
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
        ("budget has been exceeded", .noCredit),
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

    /// Bytes of a word that is shown, such as a link: longer ones are data.
    private static let longestWord = 120

    /// A provider's message as far as it is one: on one line, without a page or data in it.
    ///
    /// - Returns: `nil` for a text that is not a message for people.
    static func readable(_ message: String) -> String? {
        let head = message.bounded(to: TextBound.message)
        let lower = head.lowercased()
        guard !lower.contains("<html"), !lower.contains("<!doctype"), !lower.contains("<body"),
            !lower.hasPrefix("<?xml"),
            head.unicodeScalars.count(where: { $0 == "\u{FFFD}" || $0.value < 0x09 }) < 3
        else { return nil }
        let words = head.split(whereSeparator: \.isWhitespace).map { $0.bounded(to: longestWord) }
        let text = words.joined(separator: " ").printable()
        return text.isEmpty ? nil : text.bounded(to: 1000)
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
    }
}
