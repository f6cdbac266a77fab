import Artifacts
import Contracts
import Faults
import JSON
import JSONRPC
import JobFiles

/// Gives each segment its narration: what the caller passed, the storyboard's own word, a file by its name, or a part of one
/// file for the whole film.
struct Narrations: Sendable {
    let artifacts: Artifacts
    let store: ArtifactURI
    let places: Places
    /// Whether only what is in the store, or in what `UNDERSTUDY_ALLOW_PATHS` lists, is taken.
    let isConfined: Bool

    /// - Returns: warnings about segments that stay silent, and about file names that can be read in more than one way.
    func assign(
        to segments: inout [PlannedSegment], storyboard: Storyboard, pipelineData: JSONValue?
    ) async throws -> [String] {
        let passed = try Self.passed(pipelineData?["audio"])
        // A link in the folder leads where others may not choose to read.
        var refusals: [String] = []
        let files = try await artifacts.list(try store.appending(places.narrations)).filter { file in
            guard let refusal = self.refusal(of: file) else { return true }
            if Places.narrationExtensions.contains(file.fileExtension) {
                refusals.append("\(file.name) is not used: \(refusal.message)")
            }
            return false
        }
        let names = files.map(\.name)
        // Files are left for the segments that look for one.
        let looking = segments.indices.filter { passed[segments[$0].id] == nil && storyboard.segments[$0].audio == nil }
        let found = NarrationFinder.find(segments: looking.map { segments[$0].id }, names: names)
        var named: [Int: String] = [:]
        if case .perSegment(let names) = found.finding {
            for (index, name) in zip(looking, names) { named[index] = name }
        }
        var warnings = refusals + found.warnings
        var start = 0.0
        for index in segments.indices {
            let segment = segments[index]
            if let uri = passed[segment.id] {
                try artifacts.policy?.check(try ArtifactURI(uri), "the narration", isConfined: isConfined)
                segments[index].audio = uri
            } else if let named = storyboard.segments[index].audio {
                do throws(ServiceError) {
                    segments[index].audio = try own(named).description
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

    /// The warning of a segment for which there is no file.
    private static func missing(_ segmentID: String) -> String { "\(segmentID): there is no narration" }

    /// The warnings of a film without any narration: one line for all segments that have no file, and every other reason.
    static func silent(_ warnings: [String], segments: [String], place: ArtifactURI) -> [String] {
        let missing = Set(segments.map(Self.missing))
        let reasons = warnings.filter { !missing.contains($0) }
        let isMissing = reasons.isEmpty || reasons.count < warnings.count
        return (isMissing ? ["no narration was found in \(place)"] : []) + reasons
    }

    /// Why a file may not be read; `nil` if it may.
    private func refusal(of file: ArtifactURI) -> ServiceError? {
        do throws(ServiceError) {
            try artifacts.policy?.check(file, "the narration", isConfined: isConfined)
            return nil
        } catch {
            return error
        }
    }

    /// `{"seg_001": "file:///..."}` or `[{"segment_id": "seg_001", "audio": "file:///..."}]`.
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

    /// A URI, or a path in the session's folder; only from the store and what `UNDERSTUDY_ALLOW_PATHS` lists.
    private func own(_ text: String) throws(ServiceError) -> ArtifactURI {
        let uri = text.contains("://") ? try ArtifactURI(text) : try store.appending("\(places.folder)/\(text)")
        try artifacts.confine(uri, "the narration")
        return uri
    }
}
