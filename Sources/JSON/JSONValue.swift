// SPDX-License-Identifier: Apache-2.0

/// Any JSON value, for members whose shape is defined elsewhere.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// A whole number within 64 bits, however it is written: `1`, `1.0` or `1e0`.
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// The object's member `name`; `nil` if this is not an object or has no such member.
    package subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The string; `nil` for any other kind of value.
    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The number, whole or not; `nil` for any other kind of value.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The array's elements; `nil` for any other kind of value.
    package var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The object's members; `nil` for any other kind of value.
    package var object: [String: JSONValue]? {
        if case .object(let value) = self { value } else { nil }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// `.string(value)`.
    package init(stringLiteral value: String) { self = .string(value) }
    /// `.bool(value)`.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    /// `.integer(value)`.
    package init(integerLiteral value: Int64) { self = .integer(value) }
    /// `.number(value)`.
    package init(floatLiteral value: Double) { self = .number(value) }
    /// `.array(elements)`.
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// `.object`; of elements with the same key the last one is used.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
    /// `.null`.
    package init(nilLiteral: ()) { self = .null }
}
