// SPDX-License-Identifier: Apache-2.0

/// One range of a `Range` header (RFC 9110 §14): `bytes=0-99`, `bytes=100-`, `bytes=-100`.
struct ByteRange: Sendable, Equatable {
    /// The offset of the first byte; `nil` for a suffix range.
    private let first: Int64?
    /// The offset of the last byte; the number of bytes in a suffix range.
    private let last: Int64?

    /// Parses a header.
    ///
    /// - Returns: `nil` for an invalid header and for several ranges: the whole file is sent then, as the RFC allows.
    init?(_ header: String) {
        guard header.lowercased().hasPrefix("bytes=") else { return nil }
        let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }) else { return nil }
        // A number beyond 64 bits is beyond the end of any file.
        func number(_ digits: Substring) -> Int64? { digits.isEmpty ? nil : Int64(digits) ?? .max }
        (first, last) = (ends.first.flatMap(number), ends.last.flatMap(number))
        guard first != nil || last != nil, (first ?? 0) <= (last ?? .max) || first == nil else { return nil }
    }

    /// The bytes of a file that the range selects.
    ///
    /// - Parameter size: bytes of the file.
    /// - Returns: `nil` if the range selects no byte (status 416).
    func part(of size: Int64) -> Range<Int64>? {
        guard let first else {
            let count = min(last ?? 0, size)
            return count > 0 ? size - count..<size : nil
        }
        guard first < size else { return nil }
        return first..<min(last.map { $0 == .max ? size : $0 + 1 } ?? size, size)
    }
}
