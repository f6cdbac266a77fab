// SPDX-License-Identifier: Apache-2.0

package import Parameters

/// The ids of users, sessions and segments. Each is usable as a file name.
package enum Identifier {
    /// The rule for an id: 1 to 64 characters of `A-Z a-z 0-9 . _ -`, but not `.` or `..`.
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

    /// Returns whether `id` is usable as the id of a user, session or segment.
    package static func isValid(_ id: String) -> Bool { rule.accepts(id) }
}
