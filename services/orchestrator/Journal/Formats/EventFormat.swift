import FoundationEssentials
import JSON

/// Events as rows of the journal: written in the newest version, read in every version there ever was.
enum EventFormat {
    /// An event of any version. Version 1 had no number.
    private struct Versioned: Decodable {
        let event: JobEvent

        private enum Field: String, CodingKey {
            case version = "v"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Field.self)
            guard fields.contains(.version) else {
                event = try JournalV1.Event(from: decoder).value
                return
            }
            switch try fields.decode(Int.self, forKey: .version) {
            case JournalV2.number: event = try JournalV2.Event(from: decoder).value()
            case let version: throw UnknownVersion(version: version)
            }
        }
    }

    /// - Throws: `UnknownVersion`, `UnknownEvent`, `DecodingError`.
    static func decode(_ body: Data) throws -> JobEvent { try JSONCoding.decode(Versioned.self, from: body).event }

    /// - Throws: `EncodingError`.
    static func encode(_ event: JobEvent) throws -> Data { try JSONCoding.encode(try JournalV2.Event(event)) }
}

/// A row of a version that is not known here.
struct UnknownVersion: Error, CustomStringConvertible {
    let version: Int

    var description: String { "it has version \(version) of the format, which is newer than this orchestrator" }
}

/// A row with an event that is not known here.
struct UnknownEvent: Error, CustomStringConvertible {
    let type: String
    /// Of the format.
    let version: Int

    var description: String {
        "it has an event of the unknown type \(JSONText.quote(String(type.prefix(100)))) (version \(version) of the format)"
    }
}
