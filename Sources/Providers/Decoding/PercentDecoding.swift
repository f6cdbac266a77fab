// SPDX-License-Identifier: Apache-2.0

/// Decodes percent-encoded bytes.
enum PercentDecoding {
    /// Reads the two hexadecimal digits after a percent sign; `nil` if there are none.
    static func next(_ characters: inout some IteratorProtocol<UInt8>) -> UInt8? {
        guard let high = characters.next().flatMap(JSONTextBytes.digit),
            let low = characters.next().flatMap(JSONTextBytes.digit)
        else { return nil }
        return UInt8(high << 4 | low)
    }
}
