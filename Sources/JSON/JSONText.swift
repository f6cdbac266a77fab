// SPDX-License-Identifier: Apache-2.0

/// Writes JSON text directly, for messages that are cheaper to concatenate than to encode.
package enum JSONText {
    /// A JSON string literal: `value` in quotes, escaped as RFC 8259 requires.
    package static func quote(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
