// SPDX-License-Identifier: Apache-2.0

import Calls
import FoundationEssentials
import JSON

/// The stored format of job specifications. Version 1 is the only version, and has no version number.
enum SpecFormat {
    /// Version 1.
    private struct Stored: Codable {
        var jobID: String
        var userID: String
        var sessionID: String
        var supersessionID: String?
        var entry: String
        var options: StoredOptions
        var pipelineData: JSONValue?
        var isConfined: Bool?
        var traceparent: String?

        enum CodingKeys: String, CodingKey {
            case jobID, userID, sessionID, supersessionID, entry, options, pipelineData, isConfined, traceparent
        }
    }

    /// A specification of any version.
    private struct Versioned: Decodable {
        let stored: Stored

        private enum Field: String, CodingKey {
            case version = "v"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Field.self)
            if fields.contains(.version) {
                throw UnknownVersion(version: try fields.decode(Int.self, forKey: .version))
            }
            stored = try Stored(from: decoder)
        }
    }

    /// Decodes a specification of any version.
    ///
    /// - Throws: `UnknownVersion`, `DecodingError`.
    static func decode(_ data: Data) throws -> JobSpec {
        let stored = try JSONCoding.decode(Versioned.self, from: data).stored
        guard let entry = StoredNames.entries[stored.entry] else {
            throw DecodingError.unknownName(at: Stored.CodingKeys.entry, of: StoredNames.entries.all)
        }
        return JobSpec(
            jobID: stored.jobID, userID: stored.userID, sessionID: stored.sessionID,
            supersessionID: stored.supersessionID, entry: entry, options: try stored.options.value(),
            pipelineData: stored.pipelineData, isConfined: stored.isConfined,
            trace: stored.traceparent.flatMap { TraceContext(traceparent: Array($0.utf8)) })
    }

    /// Encodes a specification.
    ///
    /// - Throws: `EncodingError`.
    static func encode(_ spec: JobSpec) throws -> Data {
        try JSONCoding.encode(
            Stored(
                jobID: spec.jobID, userID: spec.userID, sessionID: spec.sessionID, supersessionID: spec.supersessionID,
                entry: try StoredNames.entries.name(of: spec.entry), options: try StoredOptions(spec.options),
                pipelineData: spec.pipelineData, isConfined: spec.isConfined, traceparent: spec.trace?.traceparent()))
    }

    /// A text that is equal for all starts with the same parameters. It is stored with the idempotency key, so it must never change for the
    /// same parameters.
    ///
    /// - Throws: `EncodingError`.
    static func fingerprint(_ spec: JobSpec) throws -> String {
        var same = spec
        same.jobID = ""
        same.isConfined = nil
        same.trace = nil
        return String(decoding: try encode(same), as: UTF8.self)
    }
}
