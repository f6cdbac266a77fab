/// The names under which the journal stores the values of an enumeration: its own, so that a value can be renamed elsewhere.
struct Names<Value: Hashable & Sendable>: Sendable {
    private let values: [String: Value]
    private let names: [Value: String]

    init(_ values: KeyValuePairs<String, Value>) {
        self.values = Dictionary(values.map { ($0.key, $0.value) }) { first, _ in first }
        names = Dictionary(values.map { ($0.value, $0.key) }) { first, _ in first }
    }

    /// - Returns: `nil` for a name of which this version knows nothing.
    subscript(name: String) -> Value? { values[name] }

    /// All names, sorted.
    var all: [String] { values.keys.sorted() }

    /// The name of a value.
    ///
    /// - Throws: `EncodingError` for a value without a name; `JournalNamesTests` fails for such a value.
    func name(of value: Value) throws -> String {
        guard let name = names[value] else {
            throw EncodingError.invalidValue(
                value, EncodingError.Context(codingPath: [], debugDescription: "the journal has no name for it"))
        }
        return name
    }
}
