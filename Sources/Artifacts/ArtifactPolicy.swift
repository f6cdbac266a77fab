// SPDX-License-Identifier: Apache-2.0

import Calls
package import Faults
import FoundationEssentials
import Glibc
import Untrusted

/// The access policy for artifact URIs in calls.
///
/// The artifact store, including the session folders in it, and the folders in `UNDERSTUDY_ALLOW_PATHS` are always allowed. A process of
/// the same user that calls a socket directly may also name any other regular file, which it could open itself, unless
/// `UNDERSTUDY_ALLOW_PATHS` is set. Requests of the dashboard and callers of other users are always confined to the allowed folders.
///
/// Paths are compared after resolving all symbolic links, so a link in an allowed folder cannot lead out of it.
///
///     let store = try ArtifactURI("file:///srv/films")
///     let policy = try ArtifactPolicy(store: store, list: "/srv/audio:s3://films/in")
///     try policy.check(try ArtifactURI("file:///srv/audio/one.mp3"), "/narration: the file", isConfined: true)
package struct ArtifactPolicy: Sendable {
    /// The variable with the list of allowed folders.
    package static let variable = "UNDERSTUDY_ALLOW_PATHS"

    private let store: ArtifactURI
    private let allowedFolders: [ArtifactURI]

    /// Creates a policy.
    ///
    /// - Parameters:
    ///   - store: the URI of the artifact store.
    ///   - list: the value of `UNDERSTUDY_ALLOW_PATHS`: absolute paths, or `s3://bucket/prefix`, separated by colons.
    /// - Throws: `invalid_params` that names the variable.
    package init(store: ArtifactURI, list: String?) throws(ServiceError) {
        self.store = store
        var folders: [ArtifactURI] = []
        for folder in Self.split(list ?? "") {
            do throws(ServiceError) {
                folders.append(try ArtifactURI(folder.hasPrefix("/") ? "file://\(folder)" : folder))
            } catch {
                throw ServiceError(
                    .invalidParams,
                    "\(Self.variable): expected absolute paths separated by colons, found "
                        + "\"\(folder.bounded(to: TextBound.quotation))\"")
            }
        }
        allowedFolders = folders
    }

    /// Checks whether the current call may access an artifact.
    ///
    /// - Parameters:
    ///   - subject: the artifact in messages, for example `the narration`.
    ///   - isConfined: whether to restrict the call to the allowed folders regardless of the caller.
    /// - Throws: `unauthorized`.
    package func check(_ uri: ArtifactURI, _ subject: String, isConfined: Bool) throws(ServiceError) {
        guard isConfined || !allowedFolders.isEmpty || Self.isOtherUser else { return }
        guard let real = Self.resolved(uri) else {
            throw ServiceError(.unauthorized, "\(subject) \(uri) is a dangling symbolic link")
        }
        let folders = [store] + allowedFolders
        guard !folders.contains(where: { folder in Self.resolved(folder).map { real.isBelow($0) } ?? false }) else {
            return
        }
        guard !folders.contains(where: { uri.isBelow($0) }) else {
            throw ServiceError(.unauthorized, "\(subject) \(uri) is a link that leads out of \(store)")
        }
        throw ServiceError(
            .unauthorized, "\(subject) \(uri) is outside the store \(store) and the folders in \(Self.variable)")
    }

    /// Checks the target of a write. A name below the store must resolve to an allowed folder, regardless of the caller.
    ///
    /// - Parameter subject: the artifact in messages, for example `the output`.
    /// - Throws: `unauthorized`.
    package func checkTarget(_ uri: ArtifactURI, _ subject: String) throws(ServiceError) {
        try check(uri, subject, isConfined: uri.isBelow(store))
    }

    /// Whether the current call comes from a process of another user.
    private static var isOtherUser: Bool { CallContext.peer.map { $0.uid != getuid() } ?? false }

    private static func resolved(_ uri: ArtifactURI) -> ArtifactURI? {
        // S3 has no symbolic links.
        uri.scheme == .s3 ? uri : FileStore.resolved(uri.path).map { ArtifactURI(filePath: $0) }
    }

    /// Splits a list at its colons, except those of `s3://` and `file://`.
    private static func split(_ list: String) -> [String] {
        var folders: [String] = []
        for part in list.split(separator: ":") {
            if part.hasPrefix("//"), folders.last == "s3" || folders.last == "file" {
                folders.append("\(folders.removeLast()):\(part)")
            } else {
                folders.append(String(part))
            }
        }
        return folders
    }
}
