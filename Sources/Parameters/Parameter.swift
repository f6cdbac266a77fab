package import JSON

/// One member of a call's parameters: what it is, what it may be, and how it is checked.
package struct Parameter<Owner>: Sendable {
    /// On the wire.
    package let name: String
    package let description: String
    /// Keywords of its JSON Schema beside what its Swift type says.
    package let keywords: [String: JSONValue]
    /// A schema in place of the one that its Swift type has.
    package let schema: JSONValue?
    /// What is wrong with the member, at a JSON pointer.
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

    /// A member of which its type says all that is known before the call is made: a URI, a name, a flag, one of a few words.
    ///
    /// - Parameter standard: what holds if it is absent.
    package static func value(_ name: String, _ description: String, standard: JSONValue? = nil) -> Parameter {
        Parameter(name, description, standard.map { ["default": $0] } ?? [:])
    }

    /// A member whose schema cannot be read off its type.
    package static func value(_ name: String, _ description: String, schema: JSONValue) -> Parameter {
        Parameter(name, description, [:], schema: schema)
    }

    package static func number<Value: BoundedNumber>(
        _ name: String, _ value: @escaping @Sendable (Owner) -> Value?, _ bound: NumberBound<Value>,
        _ description: String
    ) -> Parameter {
        Parameter(name, description, bound.keywords) { owner, pointer in
            value(owner).flatMap { bound.violation($0, at: pointer) }.map { [$0] } ?? []
        }
    }

    package static func text(
        _ name: String, _ value: @escaping @Sendable (Owner) -> String?, _ rule: TextRule, _ description: String,
        standard: JSONValue? = nil
    ) -> Parameter {
        var keywords = rule.keywords
        keywords["default"] = standard
        return Parameter(name, description, keywords) { owner, pointer in
            value(owner).flatMap { rule.violation($0, at: pointer) }.map { [$0] } ?? []
        }
    }

    /// A member with members of its own.
    package static func object<Value: Described>(
        _ name: String, _ value: @escaping @Sendable (Owner) -> Value?, _ description: String
    ) -> Parameter {
        Parameter(name, description, [:]) { owner, pointer in value(owner)?.violations(at: pointer) ?? [] }
    }

    /// A list.
    ///
    /// - Parameters:
    ///   - count: how many elements.
    ///   - noun: what the elements are, for the error message.
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
                (element as? any Described)?.violations(at: "\(pointer)/\(index)") ?? []
            }
        }
    }

    /// A list of numbers.
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

    /// An object whose members have any names.
    ///
    /// - Parameter schema: of a member.
    package static func dictionary<Value: Described>(
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
    /// As a part of a JSON pointer.
    fileprivate var escaped: String {
        String(flatMap { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) })
    }
}

extension ClosedRange<Int> {
    fileprivate func expected(_ noun: String) -> String {
        lowerBound == 0 ? "at most \(upperBound) \(noun)" : "\(lowerBound) to \(upperBound) \(noun)"
    }
}
