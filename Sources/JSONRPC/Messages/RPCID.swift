// SPDX-License-Identifier: Apache-2.0

import JSON

/// The id of a request, exactly as sent by the caller: a string, a number or null.
package enum RPCID: Sendable, Hashable {
    case string(String)
    /// The number's text, so that `1.0` and `12345678901234567890` are returned unchanged.
    case number(String)
    case null

    /// The id as JSON text.
    package var json: String {
        switch self {
        case .string(let value): JSONText.quote(value)
        case .number(let digits): digits
        case .null: "null"
        }
    }
}
