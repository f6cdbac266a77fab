import JSON

/// The id of a request, exactly as the caller wrote it: a string, a number or null.
package enum RPCID: Sendable, Hashable {
    case string(String)
    /// The number's own digits, so that `1.0` or `12345678901234567890` come back unchanged.
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
