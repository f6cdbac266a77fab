// SPDX-License-Identifier: Apache-2.0

import Hashing

/// Percent-encoding for AWS signatures: every byte except the unreserved characters of RFC 3986, with uppercase digits.
enum PercentEncoding {
    /// Encodes a query component.
    static func component(_ text: String) -> String { encode(text, preservesSlashes: false) }

    /// Encodes a path, preserving its slashes.
    static func path(_ text: String) -> String { encode(text, preservesSlashes: true) }

    /// Encodes a query in canonical order. A name with an empty value is followed by `=`.
    static func query(_ items: [(name: String, value: String)]) -> String {
        items.map { (component($0.name), component($0.value)) }.sorted { $0 < $1 }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// Decodes a text.
    ///
    /// - Returns: `nil` if the text is not percent-encoded UTF-8.
    static func decode(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                // `encoding-type=url` encodes a space as a plus sign.
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                continue
            }
            guard let high = iterator.next(), let low = iterator.next(),
                let value = Hexadecimal.bytes(String(decoding: [high, low], as: UTF8.self))?.first
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func encode(_ text: String, preservesSlashes: Bool) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            case UInt8(ascii: "/") where preservesSlashes:
                result.append(byte)
            default:
                result += Array("%\(Hexadecimal.text([byte]).uppercased())".utf8)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
