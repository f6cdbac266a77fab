// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// An element of the small XML documents in AWS responses: its children and its text. Attributes are ignored.
struct XMLElement: Sendable {
    var name: String
    var text = ""
    var children: [XMLElement] = []

    /// Documents with deeper nesting are rejected.
    private static let maximumDepth = 32

    init(name: String) {
        self.name = name
    }

    /// Parses a document.
    ///
    /// Works on bytes: in a `String`, a delimiter followed by a combining mark is one `Character`, which does not equal the delimiter.
    /// Invalid UTF-8 is replaced by U+FFFD so that one invalid key does not hide the others.
    ///
    /// - Returns: `nil` if the document is not well-formed or has a document type declaration.
    init?(document: Data) {
        var rest = Array(document)[...]
        var open = [XMLElement(name: "")]
        while let bracket = rest.firstIndex(of: UInt8(ascii: "<")) {
            guard let decoded = Self.decoded(rest[..<bracket]) else { return nil }
            open[open.count - 1].text += decoded
            rest = rest[bracket...]
            if rest.starts(with: "<!--".utf8) {
                guard let end = rest.firstRange(of: Array("-->".utf8)) else { return nil }
                rest = rest[end.upperBound...]
            } else if rest.starts(with: "<![CDATA[".utf8) {
                guard let end = rest.firstRange(of: Array("]]>".utf8)) else { return nil }
                open[open.count - 1].text += String(decoding: rest[..<end.lowerBound].dropFirst(9), as: UTF8.self)
                rest = rest[end.upperBound...]
            } else {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")), !rest.starts(with: "<!".utf8) else {
                    return nil
                }
                let tag = rest[..<end].dropFirst()
                rest = rest[(end + 1)...]
                if tag.first == UInt8(ascii: "?") { continue }
                guard Self.parseTag(tag, &open) else { return nil }
            }
        }
        guard open.count == 1, let root = open[0].children.first, rest.allSatisfy(Self.isSpace) else { return nil }
        self = root
    }

    /// The first child with a name.
    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// All children with a name.
    func children(named name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// Escapes a text for use as an element's content.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Handles a tag, given without its brackets: opens an element, or closes the innermost open one.
    private static func parseTag(_ tag: ArraySlice<UInt8>, _ open: inout [XMLElement]) -> Bool {
        let slash = UInt8(ascii: "/")
        if tag.first == slash {
            guard open.count > 1, let closed = open.popLast(),
                tag.dropFirst().prefix(while: { !isSpace($0) }).elementsEqual(closed.name.utf8)
            else { return false }
            open[open.count - 1].children.append(closed)
            return true
        }
        let name = tag.prefix { !isSpace($0) && $0 != slash }
        guard !name.isEmpty, open.count <= maximumDepth, let text = String(validating: name, as: UTF8.self) else {
            return false
        }
        let element = XMLElement(name: text)
        if tag.last == slash {
            open[open.count - 1].children.append(element)
        } else {
            open.append(element)
        }
        return true
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func decoded(_ text: ArraySlice<UInt8>) -> String? {
        var result = ""
        var rest = text
        while let ampersand = rest.firstIndex(of: UInt8(ascii: "&")) {
            result += String(decoding: rest[..<ampersand], as: UTF8.self)
            guard let end = rest[ampersand...].firstIndex(of: UInt8(ascii: ";")),
                let scalar = entity(String(decoding: rest[(ampersand + 1)..<end], as: UTF8.self)[...])
            else { return nil }
            result.unicodeScalars.append(scalar)
            rest = rest[(end + 1)...]
        }
        return result + String(decoding: rest, as: UTF8.self)
    }

    private static func entity(_ name: Substring) -> Unicode.Scalar? {
        switch name {
        case "amp": "&"
        case "lt": "<"
        case "gt": ">"
        case "quot": "\""
        case "apos": "'"
        case _ where name.hasPrefix("#x"): UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
        case _ where name.hasPrefix("#"): UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
        default: nil
        }
    }
}
