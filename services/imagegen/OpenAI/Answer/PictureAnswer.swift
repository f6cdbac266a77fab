import Contracts
import FoundationEssentials
import ImageHeaders
import JSON
import Providers

/// The picture within an answer of the images API, in the forms that servers in use send: a member of any of the usual names, a
/// `data:` URI, a link, a stream of events, lines of JSON, or the picture itself as the body.
///
/// The body is read once, in place: nothing of it is copied but the picture.
enum PictureAnswer {
    enum Found: Equatable {
        case nothing
        /// Where the picture should be is a text that cannot be decoded, or that ends in the middle.
        case broken
        /// Only pictures of an unfinished state came.
        case previews(Int)
        /// The picture was made, and kept back, or blackened, by a filter; its name.
        case withheld(String)
        case picture([UInt8])
        /// Where the picture is; may be relative.
        case link(String)
    }

    /// Links longer than this are none.
    private static let longestLink = 8 * 1024

    /// - Parameter size: in pixels, that was asked for: of a stream, much smaller pictures are previews.
    static func find(in body: Data, size: (width: Int, height: Int)? = nil) -> Found {
        if let inner = unquoted(body) { return find(in: inner, size: size) }
        return body.withUnsafeBytes { raw -> Found in
            var bytes = raw.bindMemory(to: UInt8.self)
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = UnsafeBufferPointer(rebasing: bytes.dropFirst(3)) }
            if isPicture(bytes.prefix(64)) { return .picture(Array(bytes)) }
            var result = Result()
            if EventStream.isOne(bytes) {
                result.size = size
                EventStream.read(bytes) { name, data in read(data, event: name, into: &result) }
            } else {
                read(bytes, event: "", into: &result)
            }
            return result.found
        }
    }

    /// The text of a body that is a JSON text in a JSON text.
    private static func unquoted(_ body: Data) -> Data? {
        guard body.first(where: { $0 > 0x20 }) == UInt8(ascii: "\""),
            let text = try? JSONCoding.decode(JSONValue.self, from: body).string,
            let first = text.utf8.first(where: { $0 > 0x20 }), "{[".utf8.contains(first)
        else { return nil }
        return Data(text.utf8)
    }

    /// What a body holds, message by message: the last finished picture counts.
    private struct Result {
        var last = Found.nothing
        var filter: String?
        var previews = 0
        /// Of the pictures of a stream.
        var size: (width: Int, height: Int)?

        /// Whether a picture is so much smaller than the one that was asked for that it is no final one.
        func isTiny(_ found: Found) -> Bool {
            guard let size, case .picture(let bytes) = found, let header = ImageHeader(bytes) else { return false }
            return header.width < size.width / 4 && header.height < size.height / 4
        }

        var found: Found {
            switch last {
            case .picture, .link, .withheld: last
            default: filter.map(Found.withheld) ?? (last == .nothing && previews > 0 ? .previews(previews) : last)
            }
        }
    }

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>, event: String, into result: inout Result) {
        // A page or a text is not searched.
        guard let first = bytes.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return }
        var walk = AnswerWalk(bytes)
        var message = AnswerMessage(event: event)
        while let token = walk.next() {
            if token != .end {
                message.take(token, of: walk, bytes)
                continue
            }
            close(message, bytes, &result)
            message = AnswerMessage(event: event)
        }
        // One that the body's end cuts.
        close(message, bytes, &result)
    }

    private static func close(
        _ message: AnswerMessage, _ bytes: UnsafeBufferPointer<UInt8>, _ result: inout Result
    ) {
        if let filter = message.blackened { return result.last = .withheld(filter) }
        result.filter = message.filter ?? result.filter
        if message.isPreview {
            result.previews += message.candidates.isEmpty ? 0 : 1
            return
        }
        let found = message.candidates.lazy.compactMap { picture($0, bytes) }
        switch found.first(where: { $0 != .broken }) ?? found.first {
        case .broken where result.last != .nothing: break
        case let picture? where result.isTiny(picture): result.previews += 1
        case let picture?: result.last = picture
        case nil: break
        }
    }

    /// What a text is: a picture, a link to one, or, where its name promises one, a broken one.
    private static func picture(_ candidate: AnswerMessage.Candidate, _ bytes: UnsafeBufferPointer<UInt8>) -> Found? {
        let text = unquoted(UnsafeBufferPointer(rebasing: bytes[candidate.text]))
        var characters = JSONTextBytes(text)
        let head = characters.head(12)
        guard !head.isEmpty else { return nil }
        guard candidate.isWhole else { return .broken }
        skipType(&characters)
        if head.hasPrefix("data:") {
            return InlineData.bytes(of: &characters, size: text.count).map(Found.picture) ?? .broken
        }
        if head.contains("://") || candidate.promise == .link && text.count <= longestLink { return link(text) }
        if let picture = LooseBase64.decode(&characters, size: text.count), !characters.isBroken,
            candidate.promise == .picture || isPicture(picture.prefix(64))
        {
            return .picture(picture)
        }
        if head.hasPrefix("/") || head.hasPrefix("./"), text.count <= longestLink { return link(text) }
        return candidate.promise == .picture ? .broken : nil
    }

    /// A text without the marks of a text that are in it: `'...'`, `"..."`, and `b'...'` of Python.
    private static func unquoted(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        var rest = text[...]
        while let first = rest.first, first <= 0x20 { rest = rest.dropFirst() }
        while let last = rest.last, last <= 0x20 { rest = rest.dropLast() }
        let inside = rest.first == UInt8(ascii: "b") ? rest.dropFirst() : rest
        for mark in ["'", "\\\"", "\\'"] where inside.count >= 2 * mark.utf8.count {
            guard inside.starts(with: mark.utf8), inside.suffix(mark.utf8.count).elementsEqual(mark.utf8) else {
                continue
            }
            return UnsafeBufferPointer(rebasing: inside.dropFirst(mark.utf8.count).dropLast(mark.utf8.count))
        }
        return text
    }

    /// Passes the head of a `data:` URI whose scheme is missing: `image/png;base64,` or `base64,`.
    private static func skipType(_ characters: inout JSONTextBytes) {
        let head = characters.head(64)
        guard !head.hasPrefix("data:"), let mark = head.firstRange(of: "base64,"),
            mark.lowerBound == head.startIndex || head[..<mark.lowerBound].last == ";"
        else { return }
        while let character = characters.next(), character != UInt8(ascii: ",") {}
    }

    private static func link(_ text: UnsafeBufferPointer<UInt8>) -> Found {
        guard text.count <= longestLink,
            let quoted = try? JSONCoding.decode([String].self, from: Data("[\"".utf8) + Data(text) + Data("\"]".utf8)),
            let link = quoted.first
        else { return .broken }
        return .link(link)
    }

    private static func isPicture(_ head: some Sequence<UInt8>) -> Bool { ImageHeader(Array(head)) != nil }
}
