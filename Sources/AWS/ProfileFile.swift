/// `~/.aws/credentials` and `~/.aws/config`: sections of settings, read as AWS's own tools read them.
struct ProfileFile: Sendable, Equatable {
    /// Settings by section; names of settings are lower-case, nested ones `parent.name`.
    private(set) var sections: [String: [String: String]] = [:]

    init(_ text: String) {
        var section: String?
        var parent: String?
        for line in text.drop(while: { $0 == "\u{FEFF}" }).split(whereSeparator: \.isNewline) {
            guard let first = line.first(where: { !$0.isWhitespace }), first != "#", first != ";" else { continue }
            if line.first?.isWhitespace == true {
                // An indented line belongs to the setting above it, e.g. `addressing_style` to `s3 =`.
                if let section, let parent, let equals = line.firstIndex(of: "=") {
                    let name = "\(parent).\(Self.trim(line[..<equals]).lowercased())"
                    sections[section]?[name] = Self.trim(Self.withoutComment(line[line.index(after: equals)...]))
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
                sections[section]?[name] = Self.trim(Self.withoutComment(line[line.index(after: equals)...]))
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
