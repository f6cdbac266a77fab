import FoundationEssentials

/// An element of the small XML documents that AWS answers with: its children and its text, without attributes.
struct XMLElement: Sendable {
    var name: String
    var text = ""
    var children: [XMLElement] = []

    /// Elements nested deeper are refused.
    private static let maximumDepth = 32

    init(name: String) {
        self.name = name
    }

    /// Reads a document; `nil` for what is not well-formed, or declares entities of its own.
    init?(document: Data) {
        guard let text = String(validating: document, as: UTF8.self) else { return nil }
        var rest = text[...]
        var open = [XMLElement(name: "")]
        while let bracket = rest.firstIndex(of: "<") {
            guard let decoded = Self.decoded(rest[..<bracket]) else { return nil }
            open[open.count - 1].text += decoded
            rest = rest[bracket...]
            if rest.hasPrefix("<!--") {
                guard let end = rest.firstRange(of: "-->") else { return nil }
                rest = rest[end.upperBound...]
            } else if rest.hasPrefix("<![CDATA[") {
                guard let end = rest.firstRange(of: "]]>") else { return nil }
                open[open.count - 1].text += rest[..<end.lowerBound].dropFirst(9)
                rest = rest[end.upperBound...]
            } else {
                guard let end = rest.firstIndex(of: ">"), !rest.hasPrefix("<!") else { return nil }
                let tag = rest[..<end].dropFirst()
                rest = rest[rest.index(after: end)...]
                if tag.hasPrefix("?") { continue }
                guard Self.take(tag, &open) else { return nil }
            }
        }
        guard open.count == 1, let root = open[0].children.first, rest.allSatisfy(\.isWhitespace) else { return nil }
        self = root
    }

    /// The first child of a name.
    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// A text as an element's content.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
        return result
    }

    /// A tag without its brackets: opens an element, or closes the one that is open.
    private static func take(_ tag: Substring, _ open: inout [XMLElement]) -> Bool {
        if tag.hasPrefix("/") {
            guard open.count > 1, let done = open.popLast(),
                tag.dropFirst().prefix(while: { !$0.isWhitespace }) == done.name
            else { return false }
            open[open.count - 1].children.append(done)
            return true
        }
        let name = tag.prefix { !$0.isWhitespace && $0 != "/" }
        guard !name.isEmpty, open.count <= maximumDepth else { return false }
        let element = XMLElement(name: String(name))
        if tag.hasSuffix("/") {
            open[open.count - 1].children.append(element)
        } else {
            open.append(element)
        }
        return true
    }

    private static func decoded(_ text: Substring) -> String? {
        guard text.contains("&") else { return String(text) }
        var result = ""
        var rest = text
        while let ampersand = rest.firstIndex(of: "&") {
            result += rest[..<ampersand]
            guard let end = rest[ampersand...].firstIndex(of: ";"),
                let scalar = entity(rest[ampersand..<end].dropFirst())
            else { return nil }
            result.unicodeScalars.append(scalar)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
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
