// SPDX-License-Identifier: Apache-2.0

import Contracts

/// Version 1 of the journal, which is read but no longer written: the JSON that the compiler synthesized for the events and the wire types
/// in them. Each member keeps the name that it had then; the format in this folder never changes.
enum JournalV1 {
    /// The name of an event, which is the only member of its object.
    struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// Scalars as version 1 wrote them.
extension KeyedDecodingContainer {
    /// A number of dollars.
    func dollars(_ key: Key) throws -> USD { USD(try decode(Double.self, forKey: key)) }

    /// A number of dollars; `nil` if absent.
    func dollarsIfPresent(_ key: Key) throws -> USD? { try decodeIfPresent(Double.self, forKey: key).map { USD($0) } }

    /// A time in RFC 3339 format.
    func timestamp(_ key: Key) throws -> Timestamp {
        guard let timestamp = Timestamp(try decode(String.self, forKey: key)) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "a time as RFC 3339, e.g. 2026-11-23T12:00:00.000Z")
        }
        return timestamp
    }

    /// A value of a name table.
    func named<Value>(_ key: Key, _ names: NameTable<Value>) throws -> Value {
        guard let value = names[try decode(String.self, forKey: key)] else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "one of \(names.all.joined(separator: ", "))")
        }
        return value
    }
}
