/// Percent-encoding as AWS signs it: all but the unreserved characters of RFC 3986, in upper-case digits.
enum PercentEncoding {
    static func component(_ text: String) -> String { encode(text, keepsSlashes: false) }

    /// A path; its slashes stay.
    static func path(_ text: String) -> String { encode(text, keepsSlashes: true) }

    /// Names and values, sorted as they are signed; a name without a value has `=` all the same.
    static func query(_ items: [(name: String, value: String)]) -> String {
        items.map { (component($0.name), component($0.value)) }.sorted { $0 < $1 }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// `nil` where the text is not percent-encoded UTF-8.
    static func decode(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                // `encoding-type=url` writes a space as a plus.
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                continue
            }
            guard let high = iterator.next(), let low = iterator.next(),
                let value = Hex.bytes(String(decoding: [high, low], as: UTF8.self))?.first
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func encode(_ text: String, keepsSlashes: Bool) -> String {
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            case UInt8(ascii: "/") where keepsSlashes:
                result.append(byte)
            default:
                result += Array("%\(Hex.text([byte]).uppercased())".utf8)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
