/// `~/.aws/credentials` and `~/.aws/config`: sections of settings, read as AWS's own tools read them.
struct ProfileFile: Sendable, Equatable {
    /// Settings by section; names of settings are lower-case, nested ones `parent.name`.
    private(set) var sections: [String: [String: String]] = [:]

    /// Works on scalars: in a `String`, a delimiter and a combining character after it form one `Character`, which is not equal to the delimiter.
    init(_ text: String) {
        var section: String?
        var parent: String?
        let lines = text.unicodeScalars.drop { $0 == "\u{FEFF}" }.split { $0 == "\n" || $0 == "\r" }
        for line in lines {
            guard let first = line.first(where: { !Self.isSpace($0) }), first != "#", first != ";" else { continue }
            if line.first.map(Self.isSpace) == true {
                // An indented line belongs to the setting above it, e.g. `addressing_style` to `s3 =`.
                if let section, let parent, let equals = line.firstIndex(of: "=") {
                    let name = "\(parent).\(Self.trim(line[..<equals]).lowercased())"
                    sections[section]?[name] = Self.value(line, behind: equals)
                }
                continue
            }
            parent = nil
            if first == "[" {
                section = line.firstIndex(of: "]").map { Self.trim(line[line.index(after: line.startIndex)..<$0]) }
                if let section { sections[section, default: [:]].merge([:]) { old, _ in old } }
            } else if let section, let equals = line.firstIndex(of: "=") {
                let name = Self.trim(line[..<equals]).lowercased()
                parent = name
                sections[section]?[name] = Self.value(line, behind: equals)
            }
        }
    }

    /// The settings of a profile; in the config file its section is `[profile x]`, except `[default]`.
    func profile(_ name: String) -> [String: String]? {
        section("profile \(name)") ?? sections[name]
    }

    /// A section by its words, e.g. `services mine`.
    func section(_ name: String) -> [String: String]? {
        for (section, settings) in sections {
            let words = section.split(whereSeparator: \.isWhitespace).map { $0.filter { $0 != "\"" && $0 != "'" } }
            if words.joined(separator: " ") == name { return settings }
        }
        return nil
    }

    private static func value(_ line: Line, behind equals: Line.Index) -> String {
        trim(withoutComment(line[line.index(after: equals)...]))
    }

    private typealias Line = Substring.UnicodeScalarView

    /// A comment within a line begins with white space.
    private static func withoutComment(_ value: Line) -> Line {
        var last: Unicode.Scalar = " "
        for index in value.indices {
            if value[index] == "#" || value[index] == ";", isSpace(last) { return value[..<index] }
            last = value[index]
        }
        return value
    }

    private static func trim(_ text: Line) -> String {
        guard let start = text.firstIndex(where: { !isSpace($0) }), let end = text.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(text[start...end])
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isWhitespace }
}
