// SPDX-License-Identifier: Apache-2.0

/// Writes JSON text directly, for messages that are cheaper to concatenate than to encode.
package enum JSONText {
    /// A JSON string literal: `value` in quotes, escaped as RFC 8259 requires.
    package static func quote(_ value: String) -> String {
        var writer = JSONWriter()
        writer.write(.string(value))
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
