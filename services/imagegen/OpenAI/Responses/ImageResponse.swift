// SPDX-License-Identifier: Apache-2.0

import Contracts
import FoundationEssentials
import ImageHeaders
import JSON
import Providers

/// Finds the image in a response of the images API, in the forms that servers send: a member with any of the usual names, a `data:`
/// URI, a link, an event stream, lines of JSON, or the image itself as the body.
///
/// The body is read once and in place; only the image is copied.
enum ImageResponse {
    /// What a response contains.
    enum Found: Equatable {
        /// No image and no link.
        case nothing
        /// The image is a string that cannot be decoded or is truncated.
        case broken
        /// Only unfinished images; their number.
        case previews(Int)
        /// The image was generated and withheld, or blacked out, by a filter; the filter's name.
        case withheld(String)
        /// An image file.
        case image([UInt8])
        /// The URL of the image; may be relative.
        case link(String)
    }

    /// The maximum length of a link, in bytes.
    private static let maximumLinkLength = 8 * 1024

    /// Searches a body.
    ///
    /// - Parameter size: The requested size in pixels; much smaller images of a stream are previews.
    static func find(in body: Data, size: (width: Int, height: Int)? = nil) -> Found {
        if let inner = unquoted(body) { return find(in: inner, size: size) }
        return body.withUnsafeBytes { raw -> Found in
            var bytes = raw.bindMemory(to: UInt8.self)
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = UnsafeBufferPointer(rebasing: bytes.dropFirst(3)) }
            if isImage(bytes.prefix(64)) { return .image(Array(bytes)) }
            var result = Result()
            if EventStream.isEventStream(bytes) {
                result.size = size
                EventStream.read(bytes) { name, data in read(data, event: name, into: &result) }
            } else {
                read(bytes, event: "", into: &result)
            }
            return result.found
        }
    }

    /// Decodes a body that is JSON inside a JSON string.
    private static func unquoted(_ body: Data) -> Data? {
        guard body.first(where: { $0 > 0x20 }) == UInt8(ascii: "\""),
            let text = try? JSONCoding.decode(JSONValue.self, from: body).string,
            let first = text.utf8.first(where: { $0 > 0x20 }), "{[".utf8.contains(first)
        else { return nil }
        return Data(text.utf8)
    }

    /// The result of the messages read so far: the last finished image counts.
    private struct Result {
        var last = Found.nothing
        var filter: String?
        var previews = 0
        /// The requested size, for an event stream.
        var size: (width: Int, height: Int)?

        /// Whether an image is too small to be the final one.
        func isTiny(_ found: Found) -> Bool {
            guard let size, case .image(let bytes) = found, let header = ImageHeader(bytes) else { return false }
            return header.width < size.width / 4 && header.height < size.height / 4
        }

        var found: Found {
            switch last {
            case .image, .link, .withheld: last
            default: filter.map(Found.withheld) ?? (last == .nothing && previews > 0 ? .previews(previews) : last)
            }
        }
    }

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>, event: String, into result: inout Result) {
        // Web pages and plain text are not searched.
        guard let first = bytes.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return }
        var scanner = ResponseScanner(bytes)
        var message = ResponseMessage(event: event)
        while let token = scanner.next() {
            if token != .end {
                message.record(token, of: scanner, bytes)
                continue
            }
            close(message, bytes, &result)
            message = ResponseMessage(event: event)
        }
        // The last message may be cut off by the end of the body.
        close(message, bytes, &result)
    }

    private static func close(
        _ message: ResponseMessage, _ bytes: UnsafeBufferPointer<UInt8>, _ result: inout Result
    ) {
        if let filter = message.blackoutFilter { return result.last = .withheld(filter) }
        result.filter = message.filter ?? result.filter
        if message.isPreview {
            result.previews += message.candidates.isEmpty ? 0 : 1
            return
        }
        let found = message.candidates.lazy.compactMap { image($0, bytes) }
        switch found.first(where: { $0 != .broken }) ?? found.first {
        case .broken where result.last != .nothing: break
        case let image? where result.isTiny(image): result.previews += 1
        case let image?: result.last = image
        case nil: break
        }
    }

    /// Decodes a candidate: an image, a link to one, or a broken image if its name is that of an image.
    private static func image(_ candidate: ResponseMessage.Candidate, _ bytes: UnsafeBufferPointer<UInt8>) -> Found? {
        let text = unquoted(UnsafeBufferPointer(rebasing: bytes[candidate.text]))
        var characters = JSONTextBytes(text)
        let head = characters.head(12)
        guard !head.isEmpty else { return nil }
        guard candidate.isWhole else { return .broken }
        skipMediaType(&characters)
        if head.hasPrefix("data:") {
            return DataURIDecoder.bytes(of: &characters, size: text.count).map(Found.image) ?? .broken
        }
        if head.contains("://") || candidate.hint == .link && text.count <= maximumLinkLength { return link(text) }
        if let image = LenientBase64.decode(&characters, size: text.count), !characters.isBroken,
            candidate.hint == .image || isImage(image.prefix(64))
        {
            return .image(image)
        }
        if head.hasPrefix("/") || head.hasPrefix("./"), text.count <= maximumLinkLength { return link(text) }
        return candidate.hint == .image ? .broken : nil
    }

    /// Removes quotation marks inside a string: `'...'`, `"..."`, and Python's `b'...'`.
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

    /// Skips the head of a `data:` URI whose scheme is missing: `image/png;base64,` or `base64,`.
    private static func skipMediaType(_ characters: inout JSONTextBytes) {
        let head = characters.head(64)
        guard !head.hasPrefix("data:"), let mark = head.firstRange(of: "base64,"),
            mark.lowerBound == head.startIndex || head[..<mark.lowerBound].last == ";"
        else { return }
        while let character = characters.next(), character != UInt8(ascii: ",") {}
    }

    private static func link(_ text: UnsafeBufferPointer<UInt8>) -> Found {
        guard text.count <= maximumLinkLength,
            let quoted = try? JSONCoding.decode([String].self, from: Data("[\"".utf8) + Data(text) + Data("\"]".utf8)),
            let link = quoted.first
        else { return .broken }
        return .link(link)
    }

    private static func isImage(_ head: some Sequence<UInt8>) -> Bool { ImageHeader(Array(head)) != nil }
}
