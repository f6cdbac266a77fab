import AWS
import Faults
import FoundationEssentials
import Glibc
import Retry
import Synchronization

/// Files of this machine that stand for objects elsewhere: copies of what was read, and what is not yet stored.
///
/// They are in `UNDERSTUDY_CACHE_DIR`, else `$XDG_CACHE_HOME/understudy`, else `~/.cache/understudy`; the services of one user share
/// them, so that no clip is downloaded twice. The least recently used go where they are more than `UNDERSTUDY_CACHE_BYTES`, or where the
/// disk is full; a copy that is in use stays. An object for which there is no room is read from a file elsewhere, which goes after its
/// use.
final class LocalCopies: Sendable {
    static let variable = "UNDERSTUDY_CACHE_BYTES"
    static let defaultBytes = 8 * 1024 * 1024 * 1024
    /// Bytes that should be free before a file of unknown size is written.
    private static let reserve = 256 * 1024 * 1024
    /// Seconds after which a temporary file is one of a process that is gone.
    private static let abandoned = 86_400

    let folder: String
    /// Bytes of copies beyond which the least recently used go.
    let maximumBytes: Int
    private let marks: CopyMarks
    private let spare: [String]
    /// Whether copies in use left more than there should be.
    private let isOverfull = Mutex(false)
    private let isSwept = Mutex(false)

    init(environment: [String: String], maximumBytes: Int? = nil) {
        let root =
            environment.variable("UNDERSTUDY_CACHE_DIR") ?? environment.variable("XDG_CACHE_HOME").map {
                "\($0)/understudy"
            }
            ?? environment.variable("HOME").map { "\($0)/.cache/understudy" } ?? "/tmp/understudy-\(getuid())-cache"
        folder = "\(root)/artifacts"
        self.maximumBytes = maximumBytes ?? (try? Self.bytes(environment)) ?? Self.defaultBytes
        marks = CopyMarks(folder: folder)
        spare = [environment.variable("UNDERSTUDY_STATE_DIR"), environment.variable("TMPDIR") ?? "/tmp", "/var/tmp"]
            .compactMap(\.self)
    }

    /// `UNDERSTUDY_CACHE_BYTES`.
    ///
    /// - Throws: `invalid_params` for what is not a number of bytes.
    static func bytes(_ environment: [String: String]) throws(ServiceError) -> Int {
        guard let text = environment.variable(variable) else { return defaultBytes }
        guard let bytes = Int(text), bytes >= 0 else {
            throw ServiceError(
                .invalidParams, "\(variable): expected a number of bytes, found \(text.prefix(40).debugDescription)")
        }
        return bytes
    }

    /// A copy of exactly this state of an object.
    ///
    /// - Parameter identity: of the object's bytes; nothing is found without one.
    func find(_ uri: ArtifactURI, identity: String?, size: Int) -> LocalFile? {
        guard let identity else { return nil }
        let path = path(uri, identity)
        guard access(path, R_OK) == 0, let file = use(path) else { return nil }
        var status = stat()
        guard stat(path, &status) == 0, Int(status.st_size) == size else { return nil }
        // What was used last goes last.
        utimes(path, nil)
        return file
    }

    /// A copy of an object, downloaded where there is none: once, by whichever process asks first.
    ///
    /// - Parameters:
    ///   - identity: of the object's bytes; the copy is not kept without one.
    ///   - download: writes the object's bytes to a path.
    func bring(
        _ uri: ArtifactURI, identity: String?, size: Int, _ download: (String) async throws -> Void
    ) async throws -> LocalFile {
        if let file = find(uri, identity: identity, size: size) { return file }
        return try await alone(uri, identity) {
            // Another process may have brought it meanwhile.
            if let file = find(uri, identity: identity, size: size) { return file }
            if makeFolder() {
                for _ in 1...2 {
                    // A second time where the disk was filled meanwhile.
                    guard makeRoom(size) else { break }
                    if let path = try await Self.fetch(temporary(uri, in: folder), download) {
                        return keep(path, uri, identity: identity, size: size) ?? Self.passing(path)
                    }
                }
            }
            return try await elsewhere(uri, size, download)
        }
    }

    /// Whether an object is one that is kept.
    func keeps(_ identity: String?, size: Int) -> Bool { identity != nil && size <= maximumBytes }

    /// Keeps a temporary file as a copy where there is room for it.
    ///
    /// - Returns: `nil` if it is not kept; it is where it was then.
    @discardableResult
    func keep(_ temporary: String, _ uri: ArtifactURI, identity: String?, size: Int) -> LocalFile? {
        guard let identity, keeps(identity, size: size), temporary.hasPrefix("\(folder)/") else { return nil }
        let path = path(uri, identity)
        guard let file = use(path), rename(temporary, path) == 0 else { return nil }
        trim()
        return file
    }

    /// Calls `body` with the path of a file that does not exist yet and will not exist afterwards.
    func temporary<R>(_ uri: ArtifactURI, _ body: (String) async throws -> R) async throws -> R {
        var place: String?
        let isUsable = makeFolder()
        if !isUsable || !makeRoom(Self.reserve) {
            place = try? Self.makePlace(spare.filter { DiskRoom.has(Self.reserve, in: $0) })
        }
        if !isUsable, place == nil { place = try Self.makePlace(spare) }
        let path = temporary(uri, in: place ?? folder)
        defer {
            unlink(path)
            if let place { rmdir(place) }
        }
        return try await body(path)
    }

    // MARK: - Room

    /// - Returns: whether so many bytes are free.
    private func makeRoom(_ bytes: Int) -> Bool {
        if !DiskRoom.has(bytes, in: folder) { trim(free: bytes) }
        return DiskRoom.has(bytes, in: folder)
    }

    private func trim(free: Int = 0) {
        let marks = marks
        let fits = KeptFiles(folder: folder, maximumBytes: maximumBytes, remove: { marks.remove($0) }).trim(free: free)
        isOverfull.withLock { $0 = !fits }
    }

    /// A copy, marked as in use; `nil` while it is being removed.
    private func use(_ path: String) -> LocalFile? {
        let name = path.split(separator: "/").last ?? ""
        guard marks.begin(name) else { return nil }
        return LocalFile(path) { [self] in
            marks.end(name)
            if isOverfull.withLock(\.self) { trim() }
        }
    }

    // MARK: - Files that are not kept

    /// Brings an object to where there is room, for one use.
    private func elsewhere(
        _ uri: ArtifactURI, _ size: Int, _ download: (String) async throws -> Void
    ) async throws -> LocalFile {
        for place in spare where DiskRoom.has(size, in: place) {
            guard let folder = try? Self.makePlace([place]) else { continue }
            do {
                if let path = try await Self.fetch(temporary(uri, in: folder), download) {
                    return Self.passing(path, in: folder)
                }
                rmdir(folder)
            } catch {
                rmdir(folder)
                throw error
            }
        }
        throw ServiceError(
            .unavailable,
            "\(uri): no room for its \(size) bytes in \(([folder] + spare).joined(separator: ", ")); make room and try again",
            cause: .diskFull)
    }

    private static func passing(_ path: String, in place: String? = nil) -> LocalFile {
        LocalFile(path) {
            unlink(path)
            if let place { rmdir(place) }
        }
    }

    /// A new folder for this user alone.
    private static func makePlace(_ places: [String]) throws(ServiceError) -> String {
        for place in places {
            var template = Array("\(place)/\(placePrefix)XXXXXX".utf8CString)
            if mkdtemp(&template) != nil {
                return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
            }
        }
        throw FileFailure.error(errno, "cannot make a folder in \(places.joined(separator: ", "))")
    }

    private static let placePrefix = "understudy-copy-"

    /// Removes folders of processes that are gone.
    private static func sweepPlaces(in place: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        where name.hasPrefix(placePrefix) {
            var status = stat()
            guard lstat("\(place)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
                status.st_uid == geteuid(), time(nil) - status.st_mtim.tv_sec >= abandoned
            else { continue }
            try? FileManager.default.removeItem(atPath: "\(place)/\(name)")
        }
    }

    /// - Returns: the path, or `nil` if the disk is full.
    private static func fetch(_ path: String, _ download: (String) async throws -> Void) async throws -> String? {
        do {
            try await download(path)
            return path
        } catch let error as AWSError where error.errno.map(full.contains) ?? false {
            unlink(path)
            return nil
        } catch {
            unlink(path)
            throw error
        }
    }

    private static let full: Set<Int32> = [ENOSPC, EDQUOT, EROFS, EFBIG]

    // MARK: - Names

    /// Calls `body` while no other process of this machine does it for the same state of the same object.
    private func alone<R>(_ uri: ArtifactURI, _ identity: String?, _ body: () async throws -> R) async throws -> R {
        guard let identity, makeFolder() else { return try await body() }
        let path = "\(folder)/.\(ContentKey(["uri": uri.description, "identity": identity]).text.prefix(32)).lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        // Without a lock the work may be done twice.
        guard descriptor >= 0 else { return try await body() }
        // The lock ends with the descriptor; the name may go while others wait, who then do the work again.
        defer {
            unlink(path)
            close(descriptor)
        }
        try await poll(Backoff(every: .milliseconds(20))) { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }
        return try await body()
    }

    /// - Returns: whether copies can be written.
    private func makeFolder() -> Bool {
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard access(folder, W_OK | X_OK) == 0 else { return false }
        if !isSwept.withLock({ isSwept in
            defer { isSwept = true }
            return isSwept
        }) {
            DurableFile.sweep(folder, olderThan: Self.abandoned)
            for place in spare { Self.sweepPlaces(in: place) }
        }
        return true
    }

    private func temporary(_ uri: ArtifactURI, in folder: String) -> String {
        "\(folder)/.\(uri.name.suffix(100)).\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).tmp"
    }

    private func path(_ uri: ArtifactURI, _ identity: String) -> String {
        let parts = uri.name.split(separator: ".")
        let ending = parts.count > 1 ? ".\(parts[parts.count - 1].prefix(16))" : ""
        return "\(folder)/\(ContentKey(["uri": uri.description, "identity": identity]).text)\(ending)"
    }
}
