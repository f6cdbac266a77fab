// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import Foundation
import JSONRPC
import JobFiles

/// Inputs that were copied into the store for a job, and can be rolled back if the job is rejected.
struct StagedInputs: Sendable {
    private let artifacts = Artifacts()
    private var added: [ArtifactReplacement] = []

    /// Copies a storyboard and a folder of narrations into the store.
    ///
    /// - Parameters:
    ///   - storyboard: the path of a file.
    ///   - audio: the path of a folder.
    ///   - store: the URI of the store.
    ///   - paths: the paths of the session's files in the store.
    /// - Throws: `not_found`, `too_large`, or an error of the store; nothing is changed then.
    init(storyboard: String?, audio: String?, store: String, paths: JobFilePaths) async throws {
        let store = try ArtifactURI(store, at: "UNDERSTUDY_STORE")
        do {
            if let storyboard {
                guard FileManager.default.fileExists(atPath: storyboard) else {
                    throw ServiceError(.notFound, "there is no storyboard \(storyboard)")
                }
                try await add(
                    try ArtifactURI("file://\(Self.absolute(storyboard))"), at: try store.appending(paths.storyboard))
            }
            if let audio {
                var isFolder: ObjCBool = false
                guard FileManager.default.fileExists(atPath: audio, isDirectory: &isFolder), isFolder.boolValue else {
                    throw ServiceError(.notFound, "there is no folder \(audio) with narrations")
                }
                let files = try await artifacts.list(try ArtifactURI("file://\(Self.absolute(audio))"))
                for file in files where Self.isNarration(file.name) {
                    try await add(file, at: try store.appending("\(paths.narrations)/\(file.name)"))
                }
            }
        } catch {
            await rollBack()
            throw error
        }
    }

    /// Restores the store. If an artifact cannot be restored, its backup remains in the store and is reported.
    func rollBack() async {
        for input in added.reversed() {
            do {
                try await input.rollBack()
            } catch {
                let backup = input.backup.map { "; the previous file is at \($0)" } ?? ""
                Terminal.printError(
                    "\(input.uri) cannot be restored: \(ServiceError(wrapping: error).message)\(backup)")
            }
        }
    }

    /// Accepts the inputs and removes the backups.
    func commit() async {
        for input in added { await input.commit() }
    }

    private mutating func add(_ source: ArtifactURI, at target: ArtifactURI) async throws {
        guard source != target else { return }
        let artifacts = artifacts
        added.append(
            try await ArtifactReplacement(target, in: artifacts) { try await artifacts.copy(source, to: target) })
    }

    private static func isNarration(_ name: String) -> Bool {
        let pathExtension = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
        return JobFilePaths.narrationExtensions.contains(pathExtension)
    }

    /// The URI of an argument that is a path or a URI.
    static func uri(_ argument: String) throws(ServiceError) -> ArtifactURI {
        argument.contains("://") ? try ArtifactURI(argument) : ArtifactURI(filePath: absolute(argument))
    }

    /// The absolute path of a path that may be relative to the working directory.
    static func absolute(_ path: String) -> String {
        let text = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return URL(filePath: text).standardizedFileURL.path
    }
}
