import Crypto
import FoundationEssentials

/// A name for what something was made from: the same inputs give the same key, whatever the order of time.
package struct ContentKey: Sendable, Hashable {
    /// SHA-256 in hexadecimal digits.
    package let text: String

    /// - Parameter fields: names and values of all that decides the outcome.
    package init(_ fields: KeyValuePairs<String, String>) {
        var hash = SHA256()
        for (name, value) in fields {
            // Lengths keep `("a", "bc")` and `("ab", "c")` apart.
            hash.update(data: Data("\(name.utf8.count):\(name)=\(value.utf8.count):\(value);".utf8))
        }
        text = hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
