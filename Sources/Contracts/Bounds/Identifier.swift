package import Parameters

/// The ids of users, sessions and segments: each can name a file.
package enum Identifier {
    package static let rule = TextRule(
        1...64, .bytes, expected: "1 to 64 characters of A-Z a-z 0-9 . _ - (not . or ..)",
        pattern: #"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$"#
    ) { id in
        guard id != ".", id != ".." else { return false }
        return id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    /// Whether a text may be a user's, session's or segment's id.
    package static func isValid(_ id: String) -> Bool { rule.accepts(id) }
}
