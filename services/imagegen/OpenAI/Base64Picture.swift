import FoundationEssentials

/// The picture within an answer of the images API. Only its bytes are looked at, once: an answer of many megabytes is not read as
/// JSON, and nothing of it is copied but the picture itself.
enum Base64Picture {
    /// What stands in the member `b64_json`.
    enum Found: Equatable {
        /// There is no such member, or it is no text.
        case nothing
        /// The text is not base64, or ends in the middle.
        case broken
        case picture([UInt8])
    }

    private static let name = Array("\"b64_json\"".utf8)

    static func find(in body: Data) -> Found {
        body.withUnsafeBytes { raw -> Found in
            let bytes = raw.bindMemory(to: UInt8.self)
            guard let start = value(in: bytes) else { return .nothing }
            guard let end = endOfText(in: bytes, from: start), end > start else { return .broken }
            return decode(UnsafeBufferPointer(rebasing: bytes[start..<end])).map(Found.picture) ?? .broken
        }
    }

    /// The picture in the text of the member, for a writer that escapes the member's name.
    static func decode(_ text: String) -> Found {
        var text = text
        // In a text that is not JSON, a backslash escapes nothing.
        guard !text.utf8.contains(UInt8(ascii: "\\")) else { return .broken }
        return text.withUTF8 { decode($0) }.map(Found.picture) ?? .broken
    }

    /// Where the quotation mark is that ends a JSON text.
    private static func endOfText(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var end = start
        while end < bytes.count {
            if bytes[end] == UInt8(ascii: "\"") { return end }
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    /// Where the text of the member begins. Within a JSON text a quotation mark has a backslash before it, so that the name with
    /// both of its own stands nowhere but where a name or a whole text does.
    private static func value(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var offset = 0
        while offset + name.count < bytes.count {
            guard let found = mark(in: bytes, from: offset) else { return nil }
            var next = found + name.count
            func skipSpace() { while next < bytes.count, bytes[next] <= 0x20 { next += 1 } }
            skipSpace()
            if next < bytes.count, bytes[next] == UInt8(ascii: ":") {
                next += 1
                skipSpace()
                return next < bytes.count && bytes[next] == UInt8(ascii: "\"") ? next + 1 : nil
            }
            offset = next
        }
        return nil
    }

    /// Where the name of the member stands next.
    private static func mark(in bytes: UnsafeBufferPointer<UInt8>, from offset: Int) -> Int? {
        var index = offset
        while index + name.count <= bytes.count {
            if bytes[index] == name[0], (1..<name.count).allSatisfy({ bytes[index + $0] == name[$0] }) { return index }
            index += 1
        }
        return nil
    }

    /// Standard base64, padded, in a JSON text: escapes of every form, line breaks and other white space, and the head of a data
    /// URI before it.
    private static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var characters = JSONTextBytes(text)
        characters.skipHeadOfDataURI()
        var output: [UInt8] = []
        output.reserveCapacity(text.count / 4 * 3)
        var (bits, count, padding): (UInt32, Int, Int) = (0, 0, 0)
        while let byte = characters.next() {
            switch byte {
            case 0x09, 0x0A, 0x0D, 0x20: continue
            case UInt8(ascii: "="):
                padding += 1
                continue
            default: break
            }
            let value = values[Int(byte)]
            guard value < 64, padding == 0 else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 1
            if count % 4 == 0 {
                output.append(UInt8(truncatingIfNeeded: bits >> 16))
                output.append(UInt8(truncatingIfNeeded: bits >> 8))
                output.append(UInt8(truncatingIfNeeded: bits))
            }
        }
        guard !characters.isBroken, count > 0, (count + padding) % 4 == 0, padding <= 2 else { return nil }
        switch count % 4 {
        case 2: output.append(UInt8(truncatingIfNeeded: bits >> 4))
        case 3:
            output.append(UInt8(truncatingIfNeeded: bits >> 10))
            output.append(UInt8(truncatingIfNeeded: bits >> 2))
        default: break
        }
        return output
    }

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (index, byte) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.enumerated() {
            values[Int(byte)] = UInt8(index)
        }
        return values
    }()
}
