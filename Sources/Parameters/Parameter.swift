// SPDX-License-Identifier: Apache-2.0

package import JSON

/// One member of a call's parameters: its name, description, schema and validation.
package struct Parameter<Owner>: Sendable {
    /// The member's name on the wire.
    package let name: String
    /// One sentence for `rpc.discover`.
    package let description: String
    /// JSON Schema keywords in addition to those derived from the Swift type.
    package let keywords: [String: JSONValue]
    /// A schema that replaces the one derived from the Swift type.
    package let schema: JSONValue?
    /// Validates the member of an owner, given the member's JSON pointer.
    package let violations: @Sendable (Owner, String) -> [Violation]

    private init(
        _ name: String, _ description: String, _ keywords: [String: JSONValue], schema: JSONValue? = nil,
        violations: @escaping @Sendable (Owner, String) -> [Violation] = { _, _ in [] }
    ) {
        self.name = name
        self.description = description
        self.keywords = keywords
        self.schema = schema
        self.violations = violations
    }

    /// A member that its type fully describes: a URI, a name, a flag, an enum.
    ///
    /// - Parameter defaultValue: the value if the member is absent.
    package static func value(
        _ name: String, _ description: String, default defaultValue: JSONValue? = nil
    ) -> Parameter {
        Parameter(name, description, defaultValue.map { ["default": $0] } ?? [:])
    }

    /// A member whose schema cannot be derived from its type.
    ///
    /// - Parameter violations: validates the member of an owner, given the member's JSON pointer.
    package static func value(
        _ name: String, _ description: String, schema: JSONValue,
        violations: @escaping @Sendable (Owner, String) -> [Violation] = { _, _ in [] }
    ) -> Parameter {
        Parameter(name, description, [:], schema: schema, violations: violations)
    }

    /// A number within a bound.
    ///
    /// - Parameter value: reads the member; `nil` if it is absent.
    package static func number<Value: BoundedNumber>(
        _ name: String, _ value: @escaping @Sendable (Owner) -> Value?, _ bound: NumberBound<Value>,
        _ description: String
    ) -> Parameter {
        Parameter(name, description, bound.keywords) { owner, pointer in
            value(owner).flatMap { bound.violation($0, at: pointer) }.map { [$0] } ?? []
        }
    }

    /// A string that satisfies a rule.
    ///
    /// - Parameters:
    ///   - value: reads the member; `nil` if it is absent.
    ///   - defaultValue: the value if the member is absent.
    package static func text(
        _ name: String, _ value: @escaping @Sendable (Owner) -> String?, _ rule: TextRule, _ description: String,
        default defaultValue: JSONValue? = nil
    ) -> Parameter {
        var keywords = rule.keywords
        keywords["default"] = defaultValue
        return Parameter(name, description, keywords) { owner, pointer in
            value(owner).flatMap { rule.violation($0, at: pointer) }.map { [$0] } ?? []
        }
    }

    /// A nested object, validated by its own parameters.
    package static func object<Value: ValidatedParameters>(
        _ name: String, _ value: @escaping @Sendable (Owner) -> Value?, _ description: String
    ) -> Parameter {
        Parameter(name, description, [:]) { owner, pointer in value(owner)?.violations(at: pointer) ?? [] }
    }

    /// An array. Elements that conform to `ValidatedParameters` are validated, too.
    ///
    /// - Parameters:
    ///   - count: the accepted numbers of elements.
    ///   - noun: the plural noun for the elements in error messages.
    package static func list<Element: Sendable>(
        _ name: String, _ value: @escaping @Sendable (Owner) -> [Element]?, _ count: ClosedRange<Int>, of noun: String,
        _ description: String
    ) -> Parameter {
        Parameter(name, description, Self.keywords(of: count)) { owner, pointer in
            guard let elements = value(owner) else { return [] }
            guard count.contains(elements.count) else {
                return [Violation(pointer: pointer, expected: count.expected(noun), found: "\(elements.count)")]
            }
            return elements.enumerated().flatMap { index, element in
                (element as? any ValidatedParameters)?.violations(at: "\(pointer)/\(index)") ?? []
            }
        }
    }

    /// An array of numbers, each within `bound`.
    package static func numbers<Value: BoundedNumber>(
        _ name: String, _ value: @escaping @Sendable (Owner) -> [Value]?, _ count: ClosedRange<Int>, of noun: String,
        each bound: NumberBound<Value>, _ description: String
    ) -> Parameter {
        var keywords = Self.keywords(of: count)
        keywords["items"] = .object(["type": "number"].merging(bound.keywords) { _, new in new })
        return Parameter(name, description, keywords) { owner, pointer in
            guard let elements = value(owner) else { return [] }
            guard count.contains(elements.count) else {
                return [Violation(pointer: pointer, expected: count.expected(noun), found: "\(elements.count)")]
            }
            return elements.enumerated().compactMap { bound.violation($1, at: "\(pointer)/\($0)") }
        }
    }

    /// An object with arbitrary member names.
    ///
    /// - Parameter schema: the schema of each member's value.
    package static func dictionary<Value: ValidatedParameters>(
        _ name: String, _ value: @escaping @Sendable (Owner) -> [String: Value]?, schema: JSONValue,
        _ description: String
    ) -> Parameter {
        Parameter(name, description, ["additionalProperties": schema]) { owner, pointer in
            (value(owner) ?? [:]).sorted { $0.key < $1.key }.flatMap { $1.violations(at: "\(pointer)/\($0.escaped)") }
        }
    }

    private static func keywords(of count: ClosedRange<Int>) -> [String: JSONValue] {
        ["minItems": .integer(Int64(count.lowerBound)), "maxItems": .integer(Int64(count.upperBound))]
    }
}

extension String {
    /// The string as a reference token of a JSON pointer (RFC 6901).
    fileprivate var escaped: String {
        String(flatMap { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) })
    }
}

extension ClosedRange<Int> {
    fileprivate func expected(_ noun: String) -> String {
        lowerBound == 0 ? "at most \(upperBound) \(noun)" : "\(lowerBound) to \(upperBound) \(noun)"
    }
}
