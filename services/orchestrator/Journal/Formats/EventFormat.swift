// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import JSON

/// The stored format of events: written in the newest version, read in every released version.
enum EventFormat {
    /// An event of any version. Version 1 has no version number.
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

    /// Decodes an event of any version.
    ///
    /// - Throws: `UnknownVersion`, `UnknownEvent`, `DecodingError`.
    static func decode(_ body: Data) throws -> JobEvent { try JSONCoding.decode(Versioned.self, from: body).event }

    /// Encodes an event in the newest version.
    ///
    /// - Throws: `EncodingError`.
    static func encode(_ event: JobEvent) throws -> Data { try JSONCoding.encode(try JournalV2.Event(event)) }
}

/// The error of a row in an unknown version of the format.
struct UnknownVersion: Error, CustomStringConvertible {
    let version: Int

    var description: String { "it has version \(version) of the format, which is newer than this orchestrator" }
}

/// The error of a row with an unknown type of event.
struct UnknownEvent: Error, CustomStringConvertible {
    let type: String
    /// The version of the format.
    let version: Int

    var description: String {
        "it has an event of the unknown type \(JSONText.quote(String(type.prefix(100)))) (version \(version) of the format)"
    }
}
