import Artifacts
import Faults
import FoundationEssentials
import JSONRPC
import JobFiles
import NIOHTTP1

/// Narrations that come with the form: streamed to this machine's disk, then put into the store, where every service finds them.
struct Uploads: Sendable {
    private static let maximumBytes = 200 * 1024 * 1024

    /// The store's folder for them.
    static let place = "uploads"

    /// A folder of this service's own.
    let folder: String
    let room: UploadRoom
    let artifacts: Artifacts
    let folders: JobFolders

    /// - Throws: `invalid_params` for what is no narration by its name.
    func plan(of request: WebRequest) throws(ServiceError) -> BodyCollector.Plan {
        _ = try Self.ending(request)
        return .file(folder: folder, room: room, maximum: Self.maximumBytes)
    }

    private struct Taken: Encodable {
        var uri: String
        var name: String
        var bytes: Int
    }

    /// `?name=seg_001.mp3`
    func take(_ request: WebRequest) async throws -> WebResponse {
        let name = request.query["name"] ?? ""
        let ending = try Self.ending(request)
        guard case .file(let file, let bytes) = request.body, bytes > 0 else {
            throw ServiceError(.invalidParams, "the body: expected the bytes of \(name.prefix(100))")
        }
        // The name is the browser's and goes no further than its ending.
        let uri = try await folders.store().appending("\(Self.place)/\(UUID().uuidString.lowercased()).\(ending)")
        try await artifacts.copy(ArtifactURI(filePath: file.path), to: uri)
        return try .json(Taken(uri: uri.description, name: name, bytes: bytes), status: .created)
    }

    private static func ending(_ request: WebRequest) throws(ServiceError) -> String {
        let name = request.query["name"] ?? ""
        let ending = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
        guard Places.narrationExtensions.contains(ending), name.utf8.count <= 255 else {
            throw ServiceError.invalidParams(
                at: "/name",
                expected: "the name of a narration that ends in \(Places.narrationExtensions.joined(separator: ", "))")
        }
        return ending
    }

    /// Removes uploads that were coming in when an earlier dashboard was killed.
    func sweep() { UploadFile.sweep(folder) }

    /// Removes copies into the store that dashboards which were killed did not finish.
    func sweepStore() async {
        guard let store = try? await folders.store(), store.scheme == .file,
            let place = try? store.appending(Self.place)
        else { return }
        try? await artifacts.sweep(place, olderThan: Self.staleSeconds)
    }

    /// Seconds after which nobody writes to a temporary file in the store any more.
    private static let staleSeconds = 600

    /// Removes what was not taken.
    func forget(_ request: WebRequest) {
        if case .file(let file, _) = request.body { file.discard() }
    }
}
