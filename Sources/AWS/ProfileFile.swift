/// `~/.aws/credentials` and `~/.aws/config`: sections of settings, read as AWS's own tools read them.
struct ProfileFile: Sendable, Equatable {
    /// Settings by section; names of settings are lower-case.
    private(set) var sections: [String: [String: String]] = [:]

    init(_ text: String) {
        var section: String?
        for line in text.drop(while: { $0 == "\u{FEFF}" }).split(whereSeparator: \.isNewline) {
            // An indented line belongs to the setting above it, e.g. to `s3 =`.
            guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else { continue }
            if first == "[" {
                section = line.firstIndex(of: "]").map { Self.trim(line[line.index(after: line.startIndex)..<$0]) }
                if let section { sections[section, default: [:]].merge([:]) { old, _ in old } }
            } else if let section, let equals = line.firstIndex(of: "=") {
                let name = Self.trim(line[..<equals]).lowercased()
                sections[section]?[name] = Self.trim(Self.withoutComment(line[line.index(after: equals)...]))
            }
        }
    }

    /// The settings of a profile; in the config file its section is `[profile x]`, except `[default]`.
    func profile(_ name: String) -> [String: String]? {
        for (section, settings) in sections {
            let words = section.split(whereSeparator: \.isWhitespace).map { $0.filter { $0 != "\"" && $0 != "'" } }
            if words == ["profile", name] { return settings }
        }
        return sections[name]
    }

    /// A comment within a line begins with white space.
    private static func withoutComment(_ value: Substring) -> Substring {
        var last: Character = " "
        for index in value.indices {
            if value[index] == "#" || value[index] == ";", last.isWhitespace { return value[..<index] }
            last = value[index]
        }
        return value
    }

    private static func trim(_ text: Substring) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
