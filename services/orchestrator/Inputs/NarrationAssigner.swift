// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import JSON
import JSONRPC
import JobFiles

/// Assigns a narration to each segment: the one that the caller passed, the storyboard's `audio`, a file by its name
/// (`NarrationFinder`), or a part of one file for the whole film.
struct NarrationAssigner: Sendable {
    let artifacts: Artifacts
    let store: ArtifactURI
    let paths: JobFilePaths
    /// Whether files must be in the store or in a folder of `UNDERSTUDY_ALLOW_PATHS`.
    let isConfined: Bool

    /// Sets `audio` and `audioStart` of the segments.
    ///
    /// - Returns: warnings about segments without a usable narration, and about ambiguous file names.
    func assign(
        to segments: inout [PlannedSegment], storyboard: Storyboard, pipelineData: JSONValue?
    ) async throws -> [String] {
        let passed = try Self.passed(pipelineData?["audio"])
        // A link in the folder may lead to files that the caller must not read.
        var rejections: [String] = []
        let files = try await artifacts.list(try store.appending(paths.narrations)).filter { file in
            guard let rejection = rejection(of: file) else { return true }
            if JobFilePaths.narrationExtensions.contains(file.fileExtension) {
                rejections.append("\(file.name) is not used: \(rejection.message)")
            }
            return false
        }
        let names = files.map(\.name)
        // Only segments without a passed or specified narration get a file by its name.
        let unassigned = segments.indices.filter {
            passed[segments[$0].id] == nil && storyboard.segments[$0].audio == nil
        }
        let found = NarrationFinder.find(segments: unassigned.map { segments[$0].id }, names: names)
        var named: [Int: String] = [:]
        if case .perSegment(let names) = found.finding {
            for (index, name) in zip(unassigned, names) { named[index] = name }
        }
        var warnings = rejections + found.warnings
        var start = 0.0
        for index in segments.indices {
            let segment = segments[index]
            if let uri = passed[segment.id] {
                try artifacts.policy?.check(try ArtifactURI(uri), "the narration", isConfined: isConfined)
                segments[index].audio = uri
            } else if let named = storyboard.segments[index].audio {
                do throws(ServiceError) {
                    segments[index].audio = try userArtifact(named).description
                } catch {
                    warnings.append("\(segment.id): \(error.message); this part of the film is silent")
                }
            } else {
                switch found.finding {
                case .perSegment:
                    segments[index].audio = named[index].flatMap { name in files.first { $0.name == name }?.description
                    }
                    if segments[index].audio == nil {
                        warnings.append(Self.missing(segment.id))
                    }
                case .whole(let name):
                    segments[index].audio = files.first { $0.name == name }?.description
                    segments[index].audioStart = start
                }
            }
            start += segment.duration
        }
        return warnings
    }

    /// The warning for a segment without a file.
    private static func missing(_ segmentID: String) -> String { "\(segmentID): there is no narration" }

    /// Summarizes the warnings of a film without any narration: one line for all segments without a file, and every other warning.
    static func silent(_ warnings: [String], segments: [String], folder: ArtifactURI) -> [String] {
        let missing = Set(segments.map(Self.missing))
        let reasons = warnings.filter { !missing.contains($0) }
        let isMissing = reasons.isEmpty || reasons.count < warnings.count
        return (isMissing ? ["no narration was found in \(folder)"] : []) + reasons
    }

    /// The reason why a file must not be read; `nil` if it may be read.
    private func rejection(of file: ArtifactURI) -> ServiceError? {
        do throws(ServiceError) {
            try artifacts.policy?.check(file, "the narration", isConfined: isConfined)
            return nil
        } catch {
            return error
        }
    }

    /// Reads the narrations in `pipeline_data/audio`: `{"seg_001": "file:///..."}` or
    /// `[{"segment_id": "seg_001", "audio": "file:///..."}]`.
    ///
    /// - Returns: URIs by segment id.
    /// - Throws: `invalid_params` with the JSON pointer.
    static func passed(_ value: JSONValue?) throws(ServiceError) -> [String: String] {
        let expected = "an object of segment ids and URIs, or an array of {segment_id, audio}"
        switch value {
        case nil, .null: return [:]
        case .object(let members):
            var passed: [String: String] = [:]
            for (id, uri) in members {
                guard let uri = uri.string else {
                    throw .invalidParams(at: "/pipeline_data/audio/\(id)", expected: "a URI")
                }
                passed[id] = try ArtifactURI(uri, at: "/pipeline_data/audio/\(id)").description
            }
            return passed
        case .array(let list):
            var passed: [String: String] = [:]
            for (index, item) in list.enumerated() {
                let pointer = "/pipeline_data/audio/\(index)"
                guard let id = item["segment_id"]?.string, let uri = item["audio"]?.string else {
                    throw .invalidParams(at: pointer, expected: "{segment_id, audio}")
                }
                passed[id] = try ArtifactURI(uri, at: "\(pointer)/audio").description
            }
            return passed
        default:
            throw .invalidParams(at: "/pipeline_data/audio", expected: expected)
        }
    }

    /// The artifact that the storyboard names by a URI or by a path in the session's folder.
    ///
    /// - Throws: `unauthorized` for an artifact that is neither in the store nor in a folder of `UNDERSTUDY_ALLOW_PATHS`.
    private func userArtifact(_ text: String) throws(ServiceError) -> ArtifactURI {
        let uri = text.contains("://") ? try ArtifactURI(text) : try store.appending("\(paths.folder)/\(text)")
        try artifacts.confine(uri, "the narration")
        return uri
    }
}
