import Artifacts
import Contracts
import Faults
import Media

/// A film that MediaConvert joins: its pieces, and the names of all that is made for it.
struct CloudFilm: Sendable {
    let request: Stitch
    let parts: [FilmPart]
    let format: VideoFormat
    let pieces: [CloudPiece]
    /// Frames of each cross-fade.
    let crossing: Int
    /// Where the film goes.
    let output: ArtifactURI
    /// Where MediaConvert writes it: the same, or a place in the bucket for files of this machine.
    let target: ArtifactURI
    /// The folder of what is made on the way.
    let work: ArtifactURI
    /// The same for the same inputs, shape and output.
    let key: String

    /// Frames of the whole.
    var frames: Int { parts.reduce(0) { $0 + $1.frames } }

    /// Pieces of one job each.
    var stages: [ArraySlice<CloudPiece>] {
        let most = ConvertRequest.mostInputs
        let count = (pieces.count + most - 1) / most
        return (0..<count).map { pieces[pieces.count * $0 / count..<pieces.count * ($0 + 1) / count] }
    }

    func stageName(_ index: Int) -> String { "stage_\(index + 1)" }

    /// The film of a stage.
    func stageFile(_ index: Int, edition: Int) throws(ServiceError) -> ArtifactURI {
        try work.appending("\(stageName(index))_\(edition).mp4")
    }

    func file(of piece: CloudPiece) throws(ServiceError) -> ArtifactURI {
        switch piece.source {
        case .clip(let part): try ArtifactURI(request.clips[part].clip, at: "/clips/\(part)/clip")
        case .part(let part): try work.appending("part_\(part + 1).mp4")
        case .fade(let part): try work.appending("fade_\(part + 1).mp4")
        }
    }

    func input(_ piece: CloudPiece) throws(ServiceError) -> ConvertRequest.Input {
        ConvertRequest.Input(file: try file(of: piece).description, frames: piece.isWhole ? nil : piece.frames)
    }

    /// All that is made on the way, in this edition and those before.
    func leftovers(edition: Int) -> [ArtifactURI] {
        var files: [ArtifactURI] = []
        for piece in pieces {
            if case .clip = piece.source { continue }
            if let file = try? file(of: piece) { files.append(file) }
        }
        if stages.count > 1 {
            for edition in 0...edition { files += stages.indices.compactMap { try? stageFile($0, edition: edition) } }
        }
        if target != output { files.append(target) }
        return files
    }

    /// The buckets that MediaConvert must reach.
    var buckets: Set<String> {
        var uris = [target, work]
        for piece in pieces { if let file = try? file(of: piece) { uris.append(file) } }
        return Set(uris.map { String($0.path.prefix { $0 != "/" }) })
    }
}
