import Contracts

/// Version 1 of the journal, which is read and no longer written: the JSON that the compiler synthesised for the events and for the
/// types of the wire that they held. Each member has here the name that it had then; nothing in this folder changes any more.
enum JournalV1 {
    /// The name of an event: the only member of its object.
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

    /// A moment as RFC 3339.
    func moment(_ key: Key) throws -> Timestamp {
        guard let moment = Timestamp(try decode(String.self, forKey: key)) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "a time as RFC 3339, e.g. 2026-11-23T12:00:00.000Z")
        }
        return moment
    }

    /// One of several named values.
    func named<Value>(_ key: Key, _ names: Names<Value>) throws -> Value {
        guard let value = names[try decode(String.self, forKey: key)] else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self, debugDescription: "one of \(names.all.joined(separator: ", "))")
        }
        return value
    }
}
