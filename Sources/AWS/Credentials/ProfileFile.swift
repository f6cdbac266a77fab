// SPDX-License-Identifier: Apache-2.0

/// Parser for `~/.aws/credentials` and `~/.aws/config`, compatible with AWS's own tools.
struct ProfileFile: Sendable, Equatable {
    /// Settings by section. Setting names are lowercase; nested ones are `parent.name`.
    private(set) var sections: [String: [String: String]] = [:]

    /// Parses a file. Malformed lines are ignored.
    ///
    /// Works on scalars: in a `String`, a delimiter followed by a combining mark is one `Character`, which does not equal the delimiter.
    init(_ text: String) {
        var section: String?
        var parent: String?
        let lines = text.unicodeScalars.drop { $0 == "\u{FEFF}" }.split { $0 == "\n" || $0 == "\r" }
        for line in lines {
            guard let first = line.first(where: { !Self.isSpace($0) }), first != "#", first != ";" else { continue }
            if line.first.map(Self.isSpace) == true {
                // An indented line is nested in the setting above it, for example `addressing_style` in `s3 =`.
                if let section, let parent, let equals = line.firstIndex(of: "=") {
                    let name = "\(parent).\(Self.trim(line[..<equals]).lowercased())"
                    sections[section]?[name] = Self.value(line, after: equals)
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
                sections[section]?[name] = Self.value(line, after: equals)
            }
        }
    }

    /// The settings of a profile. Its section is `[x]` in the credentials file and `[profile x]` in the config file, except `[default]`.
    func profile(_ name: String) -> [String: String]? {
        section("profile \(name)") ?? sections[name]
    }

    /// The settings of a section, for example `services mine`, regardless of quotes and white space in its name.
    func section(_ name: String) -> [String: String]? {
        for (section, settings) in sections {
            let words = section.split(whereSeparator: \.isWhitespace).map { $0.filter { $0 != "\"" && $0 != "'" } }
            if words.joined(separator: " ") == name { return settings }
        }
        return nil
    }

    private static func value(_ line: Line, after equals: Line.Index) -> String {
        trim(withoutComment(line[line.index(after: equals)...]))
    }

    private typealias Line = Substring.UnicodeScalarView

    /// The value without an inline comment, which must follow white space.
    private static func withoutComment(_ value: Line) -> Line {
        var previous: Unicode.Scalar = " "
        for index in value.indices {
            if value[index] == "#" || value[index] == ";", isSpace(previous) { return value[..<index] }
            previous = value[index]
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
