// SPDX-License-Identifier: Apache-2.0

/// The result of a hash function: 32 bytes for ``SHA256``, 16 for ``MD5``.
package struct Digest: Sendable, Hashable, Sequence {
    /// In the order in which the hash function's standard writes them.
    package let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Iterates over the bytes.
    package func makeIterator() -> IndexingIterator<[UInt8]> { bytes.makeIterator() }

    /// Two lower-case digits for each byte.
    package var hexadecimal: String { Hexadecimal.text(bytes) }
}
