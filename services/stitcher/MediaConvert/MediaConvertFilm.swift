// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import Media

/// A film that MediaConvert joins: its inputs, and the names of its intermediate files.
struct MediaConvertFilm: Sendable {
    /// The request, whose clips are the sources of the parts.
    let request: StitchFilm
    /// The clips on the time line.
    let parts: [FilmPart]
    /// Size and rate of the film.
    let format: VideoFormat
    /// The inputs of its jobs, in the film's order.
    let inputs: [MediaConvertInput]
    /// Frames of each cross-fade; 0 for cuts.
    let fadeFrames: Int
    /// The artifact that the caller asked for.
    let output: ArtifactURI
    /// The object that MediaConvert writes: `output`, or an object of the staging bucket if `output` is a local file.
    let target: ArtifactURI
    /// The folder of intermediate files.
    let workFolder: ArtifactURI
    /// The film's key in the ledger: equal for equal requests with unchanged inputs.
    let key: String

    /// The number of frames of the film.
    var frames: Int { parts.reduce(0) { $0 + $1.frames } }

    /// The inputs in groups that one job can join. More than one group takes a further job that joins the films of the groups.
    var stages: [ArraySlice<MediaConvertInput>] {
        let maximum = CreateJobRequest.maximumInputs
        let count = (inputs.count + maximum - 1) / maximum
        return (0..<count).map { inputs[inputs.count * $0 / count..<inputs.count * ($0 + 1) / count] }
    }

    /// The ledger's name of a stage's job.
    func stageName(_ index: Int) -> String { "stage_\(index + 1)" }

    /// The object that the job of a stage writes.
    func stageFile(_ index: Int, edition: Int) throws(ServiceError) -> ArtifactURI {
        try workFolder.appending("\(stageName(index))_\(edition).mp4")
    }

    /// The object that an input reads.
    func file(of input: MediaConvertInput) throws(ServiceError) -> ArtifactURI {
        switch input.source {
        case .clip(let part): try ArtifactURI(request.clips[part].clip, at: "/clips/\(part)/clip")
        case .part(let part): try workFolder.appending("part_\(part + 1).mp4")
        case .fade(let part): try workFolder.appending("fade_\(part + 1).mp4")
        }
    }

    /// An input as a job request names it.
    func jobInput(_ input: MediaConvertInput) throws(ServiceError) -> CreateJobRequest.Input {
        CreateJobRequest.Input(file: try file(of: input).description, frames: input.isWhole ? nil : input.frames)
    }

    /// All intermediate files, of this edition and the editions before.
    func intermediateFiles(edition: Int) -> [ArtifactURI] {
        var files: [ArtifactURI] = []
        for input in inputs {
            if case .clip = input.source { continue }
            if let file = try? file(of: input) { files.append(file) }
        }
        if stages.count > 1 {
            for edition in 0...edition { files += stages.indices.compactMap { try? stageFile($0, edition: edition) } }
        }
        if target != output { files.append(target) }
        return files
    }

    /// The names of the buckets that MediaConvert reads or writes.
    var buckets: Set<String> {
        var uris = [target, workFolder]
        for input in inputs { if let file = try? file(of: input) { uris.append(file) } }
        return Set(uris.map { String($0.path.prefix { $0 != "/" }) })
    }
}
