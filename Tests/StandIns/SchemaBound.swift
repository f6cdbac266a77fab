// SPDX-License-Identifier: Apache-2.0

package import JSON

/// A bound that a schema of `rpc.discover` states, and values at and outside of it.
package struct SchemaBound: Sendable, CustomStringConvertible {
    /// The members and array indices that lead to the value.
    package let path: [String]
    /// The schema of the value.
    package let schema: JSONValue

    /// The JSON pointer of the value.
    package var pointer: String { "/" + path.joined(separator: "/") }
    /// The pointer.
    package var description: String { pointer }

    /// The bounds of a schema and of its members and elements.
    ///
    /// - Parameter prefix: The path of the schema's value.
    package static func all(of schema: JSONValue, at prefix: [String] = []) -> [SchemaBound] {
        let keywords = ["minimum", "maximum", "minLength", "maxLength", "maxItems"]
        let isNumbers = schema["enum"]?.array?.first?.double != nil
        var found: [SchemaBound] = []
        if isNumbers || keywords.contains(where: { schema[$0] != nil }) {
            found.append(SchemaBound(path: prefix, schema: schema))
        }
        for (name, member) in (schema["properties"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            found += all(of: member, at: prefix + [name])
        }
        if let items = schema["items"] { found += all(of: items, at: prefix + ["0"]) }
        if let member = schema["additionalProperties"], member.object != nil {
            found += all(of: member, at: prefix + ["seg_1"])
        }
        return found
    }

    /// Values just outside the bound, each with the numbers that the error message must contain.
    package var outside: [(value: JSONValue, named: [String])] {
        if let choices = schema["enum"]?.array?.compactMap(\.double), let last = choices.last {
            return [.number(choices[0] - 1), .number(last + 1), .number(choices[0] + 0.1)].map {
                ($0, choices.map(Self.text))
            }
        }
        let step = schema["type"] == "integer" ? schema["multipleOf"]?.double ?? 1 : 0.001
        let numbers = [schema["minimum"], schema["maximum"]].compactMap { $0?.double }
        let named = numbers.map(Self.text)
        var values: [(JSONValue, [String])] = []
        if let minimum = schema["minimum"]?.double { values.append((number(minimum - step), named)) }
        if let maximum = schema["maximum"]?.double { values.append((number(maximum + step), named)) }
        if schema["multipleOf"] != nil, let minimum = schema["minimum"]?.double {
            values.append((number(minimum + 1), named))
        }
        if let length = schema["maxLength"]?.double.map({ Int($0) }) {
            values.append((.string(String(repeating: "a", count: length + 1)), []))
        }
        if let length = schema["minLength"]?.double, length > 0 { values.append(("", [])) }
        if let count = schema["maxItems"]?.double.map({ Int($0) }) {
            let item = Self.example(of: schema["items"] ?? [:], named: "")
            values.append((.array(Array(repeating: item, count: count + 1)), ["\(count)"]))
        }
        return values
    }

    /// Values at the bound, which must be accepted.
    package var inside: [JSONValue] {
        if let choices = schema["enum"]?.array, choices.first?.double != nil { return choices }
        var values = [schema["minimum"], schema["maximum"], schema["default"]].compactMap { $0 }
        if let length = schema["maxLength"]?.double.map({ Int($0) }) {
            values.append(.string(String(repeating: "a", count: length)))
        }
        return values
    }

    private func number(_ value: Double) -> JSONValue {
        // trusted: bounds of this project
        schema["type"] == "integer" ? .integer(Int64(value)) : .number(value)
    }

    private static func text(_ number: Double) -> String {
        // trusted: bounds of this project
        number == number.rounded() ? "\(Int64(number))" : "\(number)"
    }

    /// Returns parameters with another value at the path.
    package func put(_ value: JSONValue, into params: JSONValue) -> JSONValue {
        Self.put(value, at: path[...], into: params)
    }

    private static func put(_ value: JSONValue, at path: ArraySlice<String>, into json: JSONValue) -> JSONValue {
        guard let first = path.first else { return value }
        if first == "0" { return .array([put(value, at: path.dropFirst(), into: json.array?.first ?? [:])]) }
        var members = json.object ?? [:]
        members[first] = put(value, at: path.dropFirst(), into: members[first] ?? .null)
        return .object(members)
    }

    /// A value that a schema accepts, with the required members only.
    ///
    /// - Parameters:
    ///   - name: The member that has the value.
    ///   - texts: The values of string members, by name; `abc` for others.
    package static func example(
        of schema: JSONValue, named name: String, texts: [String: String] = [:]
    ) -> JSONValue {
        if let choices = schema["enum"]?.array, let first = choices.first { return first }
        switch schema["type"] {
        case "string": return .string(texts[name] ?? "abc")
        case "integer", "number":
            let range = (schema["minimum"]?.double ?? 0, schema["maximum"]?.double ?? .infinity)
            let value = min(max(schema["type"] == "integer" ? 64 : 1, range.0), range.1)
            // trusted: bounds of this project
            return schema["type"] == "integer" ? .integer(Int64(value)) : .number(value)
        case "boolean": return false
        case "array":
            let count = schema["minItems"]?.double ?? 0
            return count < 1 ? [] : [example(of: schema["items"] ?? [:], named: name, texts: texts)]
        default:
            let properties = schema["properties"]?.object ?? [:]
            let required = (schema["required"]?.array ?? []).compactMap(\.string)
            return .object(
                Dictionary(
                    required.map { ($0, example(of: properties[$0] ?? [:], named: $0, texts: texts)) }
                ) { first, _ in first })
        }
    }
}
