// SPDX-License-Identifier: Apache-2.0

import JSON
import JSONRPC
import Parameters

/// Derives the JSON Schema of a `Decodable` type by decoding it from a probe, which records the requested members and returns dummy
/// values. The schema therefore always matches what is decoded. Bounds and descriptions of `ValidatedParameters` are added, and the
/// documentation comments of other types' members.
enum Schema {
    /// The schema of a type.
    static func of(_ type: any Decodable.Type) -> JSONValue {
        let probe = SchemaProbe()
        _ = try? probe.value(of: type)
        return described(probe.schema, as: type)
    }

    /// Adds the descriptions and bounds of a type to its schema.
    fileprivate static func described(_ schema: JSONValue, as type: any Decodable.Type) -> JSONValue {
        guard case .object(var members) = schema, var properties = members["properties"]?.object else { return schema }
        if let type = type as? any ValidatedParameters.Type {
            describe(&properties, type)
        } else {
            let descriptions = MemberDescriptions.all[typeName(type)] ?? [:]
            for name in properties.keys { properties[name] = described(properties[name], name, descriptions) }
        }
        members["properties"] = .object(properties)
        return .object(members)
    }

    /// Adds the description of a member, and those of the members of an object without a type of its own.
    private static func described(
        _ schema: JSONValue?, _ name: String, _ descriptions: [String: String]
    ) -> JSONValue? {
        guard var members = schema?.object else { return schema }
        members["description"] = descriptions[name].map { .string($0) } ?? members["description"]
        members["x-unit"] = unit(of: name) ?? members["x-unit"]
        if var nested = members["properties"]?.object, nested.values.allSatisfy({ $0["description"] == nil }) {
            for name in nested.keys { nested[name] = described(nested[name], name, descriptions) }
            members["properties"] = .object(nested)
        }
        return .object(members)
    }

    /// The name of a type; that of the value for a generic wrapper.
    private static func typeName(_ type: any Decodable.Type) -> String {
        let name = String(describing: type)
        return name.split(separator: "<").last.map { String($0.prefix { $0 != ">" }) } ?? name
    }

    /// The unit of a number that the name of its member ends with.
    private static func unit(of name: String) -> JSONValue? {
        if name.hasSuffix("_usd") { "USD" } else if name.hasSuffix("_s") { "s" } else { nil }
    }

    private static func describe<D: ValidatedParameters>(_ properties: inout [String: JSONValue], _ type: D.Type) {
        for parameter in D.parameters {
            guard let own = properties[parameter.name]?.object else { continue }
            var schema = parameter.schema?.object ?? own.merging(parameter.keywords) { _, new in new }
            schema["description"] = .string(parameter.description)
            properties[parameter.name] = .object(schema)
        }
    }
}

/// A decoder that returns dummy values and records the schema of what is decoded.
private final class SchemaProbe: Decoder {
    var codingPath: [any CodingKey] = []
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    var schema: JSONValue = [:]
    fileprivate var properties: [String: JSONValue] = [:]
    fileprivate var required: [String] = []
    fileprivate let depth: Int
    /// Receives the schema of an object whenever it has got another member.
    private let changed: ((JSONValue) -> Void)?

    init(depth: Int = 0, changed: ((JSONValue) -> Void)? = nil) {
        self.depth = depth
        self.changed = changed
    }

    /// Returns a dummy value of a type; `schema` describes the type afterwards.
    func value<T: Decodable>(of type: T.Type) throws -> T {
        guard depth < 12 else { throw NoDummyValue() }
        if let open = Self.openTypes[ObjectIdentifier(type)] {
            schema = open
            if let null = JSONValue.null as? T { return null }
            throw NoDummyValue()
        }
        if let dictionary = type as? any NamedValues.Type, let empty = dictionary.empty as? T {
            schema = ["type": "object", "additionalProperties": schema(of: dictionary.valueType)]
            return empty
        }
        if let cases = type as? any CaseIterable.Type, let (names, first) = Self.names(cases), let value = first as? T {
            schema = ["type": "string", "enum": .array(names.map { .string($0) })]
            return value
        }
        return try T(from: self)
    }

    func describe<T: Decodable>(_ type: T.Type) -> (JSONValue, T?) {
        let probe = SchemaProbe(depth: depth + 1)
        let value = try? probe.value(of: type)
        return (Schema.described(probe.schema, as: type), value)
    }

    private func schema(of type: any Decodable.Type) -> JSONValue {
        func schema<Value: Decodable>(_ type: Value.Type) -> JSONValue { describe(type).0 }
        return schema(type)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        updateObjectSchema()
        return KeyedDecodingContainer(KeyedProbe<Key>(probe: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        schema = ["type": "array"]
        return UnkeyedProbe(probe: self)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        SingleProbe(probe: self)
    }

    /// Rebuilds `schema` from the members found so far.
    fileprivate func updateObjectSchema() {
        var members: [String: JSONValue] = ["type": "object"]
        if !properties.isEmpty { members["properties"] = .object(properties) }
        if !required.isEmpty { members["required"] = .array(required.map { .string($0) }) }
        schema = .object(members)
        changed?(schema)
    }

    fileprivate func addMember(_ name: String, _ member: JSONValue, isRequired: Bool) {
        properties[name] = member
        if isRequired { required.append(name) }
        updateObjectSchema()
    }

    /// No dummy value of the type can be made.
    struct NoDummyValue: Error {}

    private static let openTypes: [ObjectIdentifier: JSONValue] = [ObjectIdentifier(JSONValue.self): [:]]

    private static func names<T: CaseIterable>(_ type: T.Type) -> (names: [String], first: Any)? {
        let names = type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
        guard let first = type.allCases.first, names.count == type.allCases.count else { return nil }
        return (names, first)
    }
}

/// A dictionary by names, which is an object whose members have any names.
private protocol NamedValues {
    static var valueType: any Decodable.Type { get }
    static var empty: Self { get }
}

extension Dictionary: NamedValues where Key == String, Value: Decodable {
    static var valueType: any Decodable.Type { Value.self }
    static var empty: Self { [:] }
}

private struct KeyedProbe<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let probe: SchemaProbe
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) throws -> Bool { false }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        let (schema, value) = probe.describe(type)
        probe.addMember(key.stringValue, schema, isRequired: true)
        guard let value else { throw SchemaProbe.NoDummyValue() }
        return value
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        probe.addMember(key.stringValue, probe.describe(type).0, isRequired: false)
        return nil
    }

    func nestedContainer<N: CodingKey>(keyedBy type: N.Type, forKey key: Key) throws -> KeyedDecodingContainer<N> {
        let parent = probe
        let nested = SchemaProbe(depth: probe.depth + 1) {
            parent.addMember(key.stringValue, $0, isRequired: false)
        }
        nested.updateObjectSchema()
        return KeyedDecodingContainer(KeyedProbe<N>(probe: nested))
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw SchemaProbe.NoDummyValue()
    }
    func superDecoder() throws -> any Decoder { throw SchemaProbe.NoDummyValue() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw SchemaProbe.NoDummyValue() }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try optional(type, key) }

    private func optional<T: Decodable>(_ type: T.Type, _ key: Key) throws -> T? {
        probe.addMember(key.stringValue, probe.describe(type).0, isRequired: false)
        return nil
    }
}

private struct UnkeyedProbe: UnkeyedDecodingContainer {
    let probe: SchemaProbe
    var codingPath: [any CodingKey] { [] }
    var count: Int? { 1 }
    var isAtEnd = false
    var currentIndex = 0

    init(probe: SchemaProbe) {
        self.probe = probe
    }

    mutating func decodeNil() throws -> Bool { false }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        isAtEnd = true
        let (schema, value) = probe.describe(type)
        probe.schema = ["type": "array", "items": schema]
        guard let value else { throw SchemaProbe.NoDummyValue() }
        return value
    }

    mutating func nestedContainer<N: CodingKey>(keyedBy type: N.Type) throws -> KeyedDecodingContainer<N> {
        throw SchemaProbe.NoDummyValue()
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { throw SchemaProbe.NoDummyValue() }
    mutating func superDecoder() throws -> any Decoder { throw SchemaProbe.NoDummyValue() }
}

private struct SingleProbe: SingleValueDecodingContainer {
    let probe: SchemaProbe
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        switch type {
        case is Bool.Type: return try scalar("boolean", false as? T)
        case is String.Type: return try scalar("string", Self.text as? T)
        case is Double.Type: return try scalar("number", 0.0 as? T)
        case is Float.Type: return try scalar("number", Float(0) as? T)
        case let integer as any FixedWidthInteger.Type: return try scalar("integer", Self.zero(integer) as? T)
        default: return try probe.value(of: type)
        }
    }

    private func scalar<T>(_ name: String, _ value: T?) throws -> T {
        probe.schema = ["type": .string(name)]
        guard let value else { throw SchemaProbe.NoDummyValue() }
        return value
    }

    /// A text that is a time too: members that follow one are found.
    private static let text = "1970-01-01T00:00:00.000Z"

    private static func zero<I: FixedWidthInteger>(_ type: I.Type) -> Any { I.zero }
}
