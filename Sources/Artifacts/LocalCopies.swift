import AWS
import FoundationEssentials
import Glibc
import JSONRPC

/// Files of this machine that stand for objects elsewhere: copies of what was read, and what is not yet stored.
///
/// They lie in `UNDERSTUDY_CACHE_DIR`, else `$XDG_CACHE_HOME/understudy`, else `~/.cache/understudy`; the services of one user share
/// them, so that no clip is downloaded twice.
struct LocalCopies: Sendable {
    /// Seconds that a copy stays at the least: somebody may be about to open it.
    private static let grace = 600

    let folder: String
    /// Bytes of copies beyond which the oldest go.
    let maximumBytes: Int

    init(environment: [String: String], maximumBytes: Int = 8 * 1024 * 1024 * 1024) {
        let root =
            environment.variable("UNDERSTUDY_CACHE_DIR") ?? environment.variable("XDG_CACHE_HOME").map {
                "\($0)/understudy"
            }
            ?? environment.variable("HOME").map { "\($0)/.cache/understudy" } ?? "/tmp/understudy-\(getuid())-cache"
        folder = "\(root)/artifacts"
        self.maximumBytes = maximumBytes
    }

    /// The path of a copy of exactly this state of an object.
    func find(_ uri: ArtifactURI, tag: String, size: Int) -> String? {
        let path = path(uri, tag)
        var status = stat()
        guard stat(path, &status) == 0, Int(status.st_size) == size else { return nil }
        // What was used last goes last.
        utimes(path, nil)
        return path
    }

    /// Makes a temporary file a copy. -> its path.
    func keep(_ temporary: String, _ uri: ArtifactURI, tag: String) throws(ServiceError) -> String {
        let path = path(uri, tag)
        guard rename(temporary, path) == 0 else { throw FileFailure.error(errno, "cannot rename to \(path)") }
        KeptFiles(folder: folder, maximumBytes: maximumBytes, grace: Self.grace).trim(but: path)
        return path
    }

    /// Calls `body` with the path of a file that does not exist yet and will not exist afterwards.
    func temporary<R>(_ uri: ArtifactURI, _ body: (String) async throws -> R) async throws -> R {
        try makeFolder()
        let path = "\(folder)/.\(uri.name.suffix(100)).\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).tmp"
        defer { unlink(path) }
        return try await body(path)
    }

    /// Calls `body` while no other process of this machine does it for the same state of the same object.
    func alone<R>(_ uri: ArtifactURI, tag: String, _ body: () async throws -> R) async throws -> R {
        try makeFolder()
        let path = "\(folder)/.\(ContentKey(["uri": uri.description, "tag": tag]).text.prefix(32)).lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileFailure.error(errno, "cannot open \(path)") }
        // The lock ends with the descriptor; the name may go while others wait, who then do the work once more.
        defer {
            unlink(path)
            close(descriptor)
        }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 { try await Task.sleep(for: .milliseconds(20)) }
        return try await body()
    }

    private func makeFolder() throws(ServiceError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw FileFailure.error(errno, "cannot make the folder \(folder)")
        }
    }

    private func path(_ uri: ArtifactURI, _ tag: String) -> String {
        let parts = uri.name.split(separator: ".")
        let ending = parts.count > 1 ? ".\(parts[parts.count - 1].prefix(16))" : ""
        return "\(folder)/\(ContentKey(["uri": uri.description, "tag": tag]).text)\(ending)"
    }
}
