// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hashing

/// A key derived from the inputs of a computation: equal inputs give equal keys, in every process and version.
package struct ContentKey: Sendable, Hashable {
    /// The SHA-256 digest in hexadecimal digits.
    package let text: String

    /// Computes the key.
    ///
    /// - Parameter fields: names and values of all inputs that determine the result, in a fixed order.
    package init(_ fields: KeyValuePairs<String, String>) {
        var hash = SHA256()
        for (name, value) in fields {
            // Length prefixes distinguish `("a", "bc")` from `("ab", "c")`.
            hash.update(Data("\(name.utf8.count):\(name)=\(value.utf8.count):\(value);".utf8))
        }
        text = hash.finalize().hexadecimal
    }
}
