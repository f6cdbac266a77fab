import Artifacts
import Contracts
import Faults
import Foundation
import JSONRPC
import JobFiles

/// Inputs that were copied into the store for a job, and can be taken back when the job is refused.
struct StagedInputs: Sendable {
    private let artifacts = Artifacts()
    private var added: [ReplacedArtifact] = []

    /// Copies a storyboard and a folder of narrations to their places.
    ///
    /// - Throws: `not_found`, `too_large`, or what the store says.
    init(storyboard: String?, audio: String?, store: String, places: Places) async throws {
        let store = try ArtifactURI(store, at: "UNDERSTUDY_STORE")
        do {
            if let storyboard {
                guard FileManager.default.fileExists(atPath: storyboard) else {
                    throw ServiceError(.notFound, "there is no storyboard \(storyboard)")
                }
                try await add(
                    try ArtifactURI("file://\(Self.absolute(storyboard))"), at: try store.appending(places.storyboard))
            }
            if let audio {
                var isFolder: ObjCBool = false
                guard FileManager.default.fileExists(atPath: audio, isDirectory: &isFolder), isFolder.boolValue else {
                    throw ServiceError(.notFound, "there is no folder \(audio) with narrations")
                }
                let files = try await artifacts.list(try ArtifactURI("file://\(Self.absolute(audio))"))
                for file in files where Self.isNarration(file.name) {
                    try await add(file, at: try store.appending("\(places.narrations)/\(file.name)"))
                }
            }
        } catch {
            await takeBack()
            throw error
        }
    }

    /// Puts the store back to what it was. A copy that cannot be put back is left in the store, and its place is reported.
    func takeBack() async {
        for input in added.reversed() {
            do {
                try await input.takeBack()
            } catch {
                let place = input.earlier.map { "; what was there before is at \($0)" } ?? ""
                Terminal.printError(
                    "\(input.uri) cannot be put back: \(ServiceError(wrapping: error).message)\(place)")
            }
        }
    }

    /// Accepts the inputs.
    func keep() async {
        for input in added { await input.keep() }
    }

    private mutating func add(_ source: ArtifactURI, at target: ArtifactURI) async throws {
        guard source != target else { return }
        let artifacts = artifacts
        added.append(
            try await ReplacedArtifact(target, in: artifacts) { try await artifacts.copy(source, to: target) })
    }

    private static func isNarration(_ name: String) -> Bool {
        let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
        return Places.narrationExtensions.contains(ending)
    }

    /// A file's path, or the URI of an artifact.
    static func uri(_ place: String) throws(ServiceError) -> ArtifactURI {
        place.contains("://") ? try ArtifactURI(place) : ArtifactURI(filePath: absolute(place))
    }

    static func absolute(_ path: String) -> String {
        let text = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return URL(filePath: text).standardizedFileURL.path
    }
}
