// SPDX-License-Identifier: Apache-2.0

/// The stored names of an enumeration's values. They are independent of the names in code, so that a value can be renamed there.
struct NameTable<Value: Hashable & Sendable>: Sendable {
    private let values: [String: Value]
    private let names: [Value: String]

    /// - Parameter values: the values by stored name.
    init(_ values: KeyValuePairs<String, Value>) {
        self.values = Dictionary(values.map { ($0.key, $0.value) }) { first, _ in first }
        names = Dictionary(values.map { ($0.value, $0.key) }) { first, _ in first }
    }

    /// The value of a stored name; `nil` for an unknown name.
    subscript(name: String) -> Value? { values[name] }

    /// All stored names, sorted.
    var all: [String] { values.keys.sorted() }

    /// The stored name of a value.
    ///
    /// - Throws: `EncodingError` for a value without a name. `GoldenJournalTests.names` checks that every value has one.
    func name(of value: Value) throws -> String {
        guard let name = names[value] else {
            throw EncodingError.invalidValue(
                value, EncodingError.Context(codingPath: [], debugDescription: "the journal has no name for this value")
            )
        }
        return name
    }
}
