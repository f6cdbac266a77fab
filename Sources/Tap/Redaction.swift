// SPDX-License-Identifier: Apache-2.0

package import JSON

/// Replaces secrets in messages by `***`: members with the names of secrets, credentials in URLs and in texts, and the secrets of this
/// process wherever they occur.
package struct Redaction: Sendable {
    /// What replaces a secret.
    package static let mark = "***"
    /// The minimum bytes of a secret of the process; shorter ones occur in other texts by chance.
    private static let shortestSecret = 8

    /// The secrets of this process.
    private let secrets: [String]

    /// Creates a redaction that knows the secrets in an environment: the values of variables whose names are those of secrets.
    package init(environment: [String: String] = [:]) {
        secrets = environment.filter { Self.isSecret(name: $0.key) && $0.value.utf8.count >= Self.shortestSecret }
            .map(\.value).sorted { $0.utf8.count > $1.utf8.count }
    }

    /// A value without secrets.
    package func redacted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .integer, .number: value
        case .string(let text): .string(redacted(text))
        case .array(let elements): .array(elements.map { redacted($0) })
        case .object(let members):
            .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { name, value in
                        (name, Self.isSecret(name: name) ? Self.hidden(value) : redacted(value))
                    }))
        }
    }

    /// A text without secrets.
    package func redacted(_ text: String) -> String {
        var text = text
        for secret in secrets where text.utf8.count >= secret.utf8.count && text.contains(secret) {
            text.replace(secret, with: Self.mark)
        }
        return Self.mayContainCredentials(text) ? Self.withoutCredentials(text) : text
    }

    /// All texts and numbers of the value of a secret member are hidden.
    private static func hidden(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool: value
        case .integer, .number, .string: .string(mark)
        case .array(let elements): .array(elements.map { hidden($0) })
        case .object(let members): .object(members.mapValues { hidden($0) })
        }
    }

    // MARK: - Names

    private static let secretWords = [
        "password", "passwd", "passphrase", "secret", "authorization", "credential", "cookie",
    ]
    private static let secretEnds = ["token", "apikey", "accesskey", "accesskeyid", "privatekey", "signature"]

    /// Whether a member, a variable or a parameter of a URL with this name holds a secret: `api_key`, `X-Amz-Signature`, `OPENAI_API_KEY`.
    private static func isSecret(name: String) -> Bool {
        let plain = String(decoding: name.utf8.filter { $0 != 0x5F && $0 != 0x2D }, as: UTF8.self).lowercased()
        return secretWords.contains { plain.contains($0) } || secretEnds.contains { plain.hasSuffix($0) }
    }

    /// Short names that hold secrets in URLs.
    private static let secretParameters: Set<String> = ["key", "sig", "auth", "code", "pwd", "pass"]

    // MARK: - Texts

    /// What the keys of well-known services begin with.
    private static let keyPrefixes = ["sk-", "r8_", "AKIA", "ASIA", "ghp_", "xoxb-", "hf_"]
    /// The minimum bytes of a key after its prefix.
    private static let shortestKey = 12

    private static func mayContainCredentials(_ text: String) -> Bool {
        let bytes = text.utf8
        return bytes.contains { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: " ") }
            && ["://", "earer", "asic "].contains { text.contains($0) }
            || keyPrefixes.contains { text.contains($0) }
    }

    /// The text, whose words are examined one by one.
    private static func withoutCredentials(_ text: String) -> String {
        var result = ""
        var hidesNext = false
        for word in text.split(separator: /[\s"'<>,;()]/, omittingEmptySubsequences: false) {
            // The separator before the word.
            if word.startIndex > text.startIndex { result.append(text[text.index(before: word.startIndex)]) }
            if hidesNext, !word.isEmpty {
                result += mark
                hidesNext = false
                continue
            }
            result += withoutCredentials(word: word)
            hidesNext = hidesNext || ["bearer", "basic"].contains(word.lowercased())
        }
        return result
    }

    private static func withoutCredentials(word: Substring) -> String {
        guard let scheme = word.firstRange(of: "://") else { return withoutKey(word) }
        let (head, rest) = (word[..<scheme.upperBound], word[scheme.upperBound...])
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var result = String(head)
        if let at = authority.lastIndex(of: "@") {
            result += "\(mark)\(authority[at...])"
        } else {
            result += authority
        }
        let path = rest[authority.endIndex...]
        guard let question = path.firstIndex(of: "?") else { return result + path }
        result += path[...question]
        let parameters = path[path.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
        result += parameters.map { parameter -> String in
            guard let equals = parameter.firstIndex(of: "=") else { return String(parameter) }
            let name = String(parameter[..<equals])
            let isSecret = isSecret(name: name) || secretParameters.contains(name.lowercased())
            return isSecret ? "\(name)=\(mark)" : String(parameter)
        }.joined(separator: "&")
        return result
    }

    private static func withoutKey(_ word: Substring) -> String {
        for prefix in keyPrefixes {
            guard let range = word.firstRange(of: prefix) else { continue }
            let key = word[range.upperBound...].prefix {
                $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_")
            }
            guard key.utf8.count >= shortestKey else { continue }
            return "\(word[..<range.upperBound])\(mark)\(word[key.endIndex...])"
        }
        return String(word)
    }
}
