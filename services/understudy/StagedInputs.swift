import Artifacts
import Contracts
import Foundation
import JSONRPC

/// Inputs that were copied into the store for a job, and can be taken back when the job is refused.
struct StagedInputs: Sendable {
    private let artifacts = Artifacts()
    private var added: [Added] = []

    /// An input at its place in the store.
    private struct Added {
        var uri: ArtifactURI
        /// A copy of what was there before; `nil` if nothing was.
        var earlier: ArtifactURI?
    }

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
                if let earlier = input.earlier {
                    try await artifacts.copy(earlier, to: input.uri)
                    try await artifacts.remove(earlier)
                } else {
                    try await artifacts.remove(input.uri)
                }
            } catch {
                let place = input.earlier.map { "; what was there before is at \($0)" } ?? ""
                Terminal.printError(
                    "\(input.uri) cannot be put back: \(ServiceError(wrapping: error).message)\(place)")
            }
        }
    }

    /// Accepts the inputs: removes the copies of what was there before.
    func keep() async {
        for case let earlier? in added.map(\.earlier) { try? await artifacts.remove(earlier) }
    }

    private mutating func add(_ source: ArtifactURI, at target: ArtifactURI) async throws {
        guard source != target else { return }
        let earlier = try await setAside(target)
        do {
            try await artifacts.copy(source, to: target)
        } catch {
            if let earlier { try? await artifacts.remove(earlier) }
            throw error
        }
        added.append(Added(uri: target, earlier: earlier))
    }

    /// Copies an artifact that is about to be replaced, whatever its size.
    ///
    /// - Returns: the copy, a hidden name beside the artifact; `nil` if there is no artifact.
    /// - Throws: why it cannot be copied: it must not be replaced then.
    private func setAside(_ target: ArtifactURI) async throws -> ArtifactURI? {
        guard try await artifacts.info(target) != nil else { return nil }
        let copy = target.temporary
        do {
            try await artifacts.copy(target, to: copy)
        } catch let error as any ServiceErrorConvertible where error.serviceError.kind == .notFound {
            return nil
        }
        return copy
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
