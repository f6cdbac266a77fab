// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Faults
import FoundationEssentials
import JSONRPC
import JobFiles
import NIOHTTP1

/// Uploaded narrations: streamed to the local disk, then copied into the store, where every service can read them.
struct Uploads: Sendable {
    /// Bytes of one upload.
    private static let maximumBytes = 200 * 1024 * 1024
    /// The store's folder for uploads.
    private static let storeFolder = "uploads"
    /// Seconds after which a temporary file in the store is considered abandoned.
    private static let staleSeconds = 600

    /// The local folder of uploads in progress.
    let folder: String
    let quota: UploadQuota
    let artifacts: Artifacts
    let folders: JobFolders

    /// The plan for the body of an upload.
    ///
    /// - Throws: `invalid_params` if the name does not end like a narration's.
    func plan(for request: WebRequest) throws(ServiceError) -> BodyCollector.Plan {
        _ = try Self.pathExtension(request)
        return .file(folder: folder, quota: quota, maximum: Self.maximumBytes)
    }

    private struct StoredUpload: Encodable {
        var uri: String
        var name: String
        var bytes: Int
    }

    /// `POST /api/uploads?name=seg_001.mp3`
    func store(_ request: WebRequest) async throws -> WebResponse {
        let name = request.query["name"] ?? ""
        let pathExtension = try Self.pathExtension(request)
        guard case .file(let file, let bytes) = request.body, bytes > 0 else {
            throw ServiceError(.invalidParams, "the body is empty: send the content of \(name.prefix(100))")
        }
        // Only the extension of the client's name is used.
        let path = "\(Self.storeFolder)/\(UUID().uuidString.lowercased()).\(pathExtension)"
        let uri = try await folders.store().appending(path)
        try await artifacts.copy(ArtifactURI(filePath: file.path), to: uri)
        return try .json(StoredUpload(uri: uri.description, name: name, bytes: bytes), status: .created)
    }

    private static func pathExtension(_ request: WebRequest) throws(ServiceError) -> String {
        let name = request.query["name"] ?? ""
        let pathExtension = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
        guard JobFilePaths.narrationExtensions.contains(pathExtension), name.utf8.count <= 255 else {
            throw ServiceError.invalidParams(
                at: "/name",
                expected:
                    "the name of a narration that ends in \(JobFilePaths.narrationExtensions.joined(separator: ", "))")
        }
        return pathExtension
    }

    /// Removes the local files of uploads that a killed dashboard was receiving.
    func removeAbandonedFiles() { UploadFile.removeAbandoned(in: folder) }

    /// Removes unfinished copies that killed dashboards left in the store.
    func sweepStore() async {
        guard let store = try? await folders.store(), store.scheme == .file,
            let uploads = try? store.appending(Self.storeFolder)
        else { return }
        try? await artifacts.sweep(uploads, olderThan: Self.staleSeconds)
    }

    /// Removes the temporary file of a request.
    func discard(_ request: WebRequest) {
        if case .file(let file, _) = request.body { file.discard() }
    }
}
