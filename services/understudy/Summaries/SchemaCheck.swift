// SPDX-License-Identifier: Apache-2.0

import Faults
import JSON
import ServiceKit
import Untrusted

/// Compares the parameters of a call with the schema of its method before anything is sent.
///
/// The services validate all parameters themselves. This check also finds names that a method does not have, which services ignore.
enum SchemaCheck {
    /// The parameters of every call, see `docs/wire.md`.
    private static let common: Set<String> = ["deadline_ms", "progress", "_meta", "job_id"]

    /// Checks parameters against the description of their method in an OpenRPC document.
    ///
    /// - Throws: `invalid_params` with the pointer of the first violation and what is expected there.
    static func check(_ params: JSONValue, of method: JSONValue) throws(ServiceError) {
        guard let members = params.object else { return }
        let parameters = method["params"]?.array ?? []
        let names = parameters.compactMap { $0["name"]?.string }
        for name in members.keys.sorted() where !names.contains(name) && !common.contains(name) {
            let nearest = EditDistance.nearest(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
            throw ServiceError(
                .invalidParams,
                "/\(name.bounded(to: TextBound.quotation)): \(method["name"]?.string ?? "the method") has no such parameter\(nearest)"
            )
        }
        for parameter in parameters {
            guard let name = parameter["name"]?.string, let value = members[name], value != .null else { continue }
            if let violation = violation(value, parameter["schema"] ?? [:], "/\(name)") { throw violation }
        }
        for parameter in parameters where parameter["required"] == true {
            guard let name = parameter["name"]?.string, members[name] == nil || members[name] == .null else { continue }
            throw .invalidParams(at: "/\(name)", expected: expectation(of: parameter["schema"] ?? [:]))
        }
    }

    /// The first violation of a schema, in the order of the pointers.
    private static func violation(_ value: JSONValue, _ schema: JSONValue, _ pointer: String) -> ServiceError? {
        if let choices = schema["oneOf"]?.array {
            let found = choices.map { violation(value, $0, pointer) }
            if found.contains(where: { $0 == nil }) { return nil }
            // The violation within the choice of the same type says more than that none matches.
            return found.compactMap { $0 }.first { !$0.message.hasPrefix("\(pointer): ") }
                ?? .invalidParams(
                    at: pointer, expected: choices.map { expectation(of: $0) }.joined(separator: ", or "))
        }
        guard isOfType(value, schema["type"]?.string) else {
            return .invalidParams(at: pointer, expected: expectation(of: schema))
        }
        if let names = schema["enum"]?.array, !names.contains(value) {
            return .invalidParams(at: pointer, expected: expectation(of: schema))
        }
        if let number = value.double, !isWithin(number, schema["minimum"]?.double, schema["maximum"]?.double) {
            return .invalidParams(at: pointer, expected: expectation(of: schema))
        }
        if let text = value.string,
            !isWithin(Double(text.unicodeScalars.count), schema["minLength"]?.double, schema["maxLength"]?.double)
        {
            return .invalidParams(at: pointer, expected: expectation(of: schema))
        }
        if let elements = value.array {
            guard isWithin(Double(elements.count), schema["minItems"]?.double, schema["maxItems"]?.double) else {
                return .invalidParams(at: pointer, expected: expectation(of: schema))
            }
            guard let items = schema["items"] else { return nil }
            return elements.enumerated().lazy.compactMap { violation($1, items, "\(pointer)/\($0)") }.first
        }
        return value.object.flatMap { violation(in: $0, schema, pointer) }
    }

    private static func violation(
        in members: [String: JSONValue], _ schema: JSONValue, _ pointer: String
    ) -> ServiceError? {
        let properties = schema["properties"]?.object ?? [:]
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
            guard let own = properties[name] ?? schema["additionalProperties"] else { continue }
            if let found = violation(value, own, "\(pointer)/\(name)") { return found }
        }
        for name in (schema["required"]?.array ?? []).compactMap(\.string) where members[name] == nil {
            return .invalidParams(at: "\(pointer)/\(name)", expected: expectation(of: properties[name] ?? [:]))
        }
        return nil
    }

    private static func isWithin(_ number: Double, _ least: Double?, _ most: Double?) -> Bool {
        number >= least ?? -.infinity && number <= most ?? .infinity
    }

    private static func isOfType(_ value: JSONValue, _ type: String?) -> Bool {
        switch (type, value) {
        case ("string", .string), ("boolean", .bool), ("integer", .integer), ("number", .integer), ("number", .number),
            ("array", .array), ("object", .object), ("null", .null):
            true
        case (nil, _): true
        default: false
        }
    }

    /// `a string`, `one of still, ken_burns`, `an integer 16...8192 px`.
    private static func expectation(of schema: JSONValue) -> String {
        if let names = schema["enum"]?.array {
            return "one of \(names.compactMap { $0.string ?? $0.double.map { "\($0)" } }.joined(separator: ", "))"
        }
        let type = schema["type"]?.string ?? "value"
        let article = "aeiou".contains(type.first ?? "v") ? "an" : "a"
        return "\(article) \(ContractText.type(of: schema))"
    }
}
