/// One range of a `Range` header (RFC 9110 §14): `bytes=0-99`, `bytes=100-`, `bytes=-100`.
struct ByteRange: Sendable, Equatable {
    /// Of the first byte, or `nil` for the last `last` bytes.
    private let first: Int64?
    /// Of the last byte, or how many.
    private let last: Int64?

    /// - Returns: `nil` for what is no such range, and for several: the whole is sent then, as the RFC allows.
    init?(_ header: String) {
        guard header.lowercased().hasPrefix("bytes=") else { return nil }
        let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }) else { return nil }
        // Beyond 64 bits is beyond every file.
        func number(_ digits: Substring) -> Int64? { digits.isEmpty ? nil : Int64(digits) ?? .max }
        (first, last) = (ends.first.flatMap(number), ends.last.flatMap(number))
        guard first != nil || last != nil, (first ?? 0) <= (last ?? .max) || first == nil else { return nil }
    }

    /// - Returns: `nil` where nothing of the file is within.
    func part(of size: Int64) -> Range<Int64>? {
        guard let first else {
            let count = min(last ?? 0, size)
            return count > 0 ? size - count..<size : nil
        }
        guard first < size else { return nil }
        return first..<min(last.map { $0 == .max ? size : $0 + 1 } ?? size, size)
    }
}
