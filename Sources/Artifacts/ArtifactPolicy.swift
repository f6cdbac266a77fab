import Calls
package import Faults
import FoundationEssentials
import Glibc
import Untrusted

/// Which artifacts calls may name by a URI.
///
/// Three places are always allowed: the artifact store, the sessions' folders in it, and the folders that `UNDERSTUDY_ALLOW_PATHS`
/// lists. A process of the same user that calls a socket directly may name any regular file, as it could open that file itself,
/// until `UNDERSTUDY_ALLOW_PATHS` is set: then the three places bind it too. Everything that comes by the page, and callers of
/// other users, are always confined.
///
/// Paths are compared with all links followed, so that a link in an allowed folder does not lead out of it.
package struct ArtifactPolicy: Sendable {
    package static let variable = "UNDERSTUDY_ALLOW_PATHS"

    private let store: ArtifactURI
    private let listed: [ArtifactURI]
    private let isListed: Bool

    /// - Parameters:
    ///   - store: the URI of the artifact store.
    ///   - list: of `UNDERSTUDY_ALLOW_PATHS`: absolute paths, or `s3://bucket/prefix`, separated by colons.
    /// - Throws: `invalid_params` that names the variable.
    package init(store: ArtifactURI, list: String?) throws(ServiceError) {
        self.store = store
        var folders: [ArtifactURI] = []
        for place in Self.places(list ?? "") {
            do throws(ServiceError) {
                folders.append(try ArtifactURI(place.hasPrefix("/") ? "file://\(place)" : place))
            } catch {
                throw ServiceError(
                    .invalidParams,
                    "\(Self.variable): expected absolute paths separated by colons, found "
                        + "\"\(place.bounded(to: TextBound.quotation))\"")
            }
        }
        listed = folders
        isListed = !folders.isEmpty
    }

    /// Checks an artifact that is read or written by its name.
    ///
    /// - Parameters:
    ///   - what: how the error names the artifact, `the narration` for example.
    ///   - isConfined: whether only the allowed places count, whoever calls.
    /// - Throws: `unauthorized`.
    package func check(_ uri: ArtifactURI, _ what: String, isConfined: Bool) throws(ServiceError) {
        guard isConfined || isListed || Self.isOtherUser else { return }
        guard let real = Self.resolved(uri) else {
            throw ServiceError(.unauthorized, "\(what) \(uri) is a link that leads to nothing")
        }
        let folders = [store] + listed
        guard !folders.contains(where: { folder in Self.resolved(folder).map { real.isBelow($0) } ?? false }) else {
            return
        }
        guard !folders.contains(where: { uri.isBelow($0) }) else {
            throw ServiceError(.unauthorized, "\(what) \(uri) is a link that leads out of \(store)")
        }
        throw ServiceError(
            .unauthorized, "\(what) \(uri) lies outside the store \(store) and what \(Self.variable) lists")
    }

    /// Checks what a write would replace: what is named in the store stays in the allowed places, whoever calls.
    package func checkTarget(_ uri: ArtifactURI, _ what: String) throws(ServiceError) {
        try check(uri, what, isConfined: uri.isBelow(store))
    }

    /// Whether the call that is answered comes from a process of another user.
    private static var isOtherUser: Bool { CallContext.peer.map { $0.uid != getuid() } ?? false }

    private static func resolved(_ uri: ArtifactURI) -> ArtifactURI? {
        // S3 has no links.
        uri.scheme == .s3 ? uri : FileStore.resolved(uri.path).map { ArtifactURI(filePath: $0) }
    }

    /// The parts of a list; the colon of `s3://` separates nothing.
    private static func places(_ list: String) -> [String] {
        var places: [String] = []
        for part in list.split(separator: ":") {
            if part.hasPrefix("//"), places.last == "s3" || places.last == "file" {
                places.append("\(places.removeLast()):\(part)")
            } else {
                places.append(String(part))
            }
        }
        return places
    }
}
