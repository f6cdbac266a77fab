import Faults
import FoundationEssentials
import Glibc
import HTTP
import JSON
import Providers
import Untrusted

/// The file of a clip, as a provider delivers it.
enum ClipFile {
    /// Bytes that a clip may have.
    private static let maximumBytes = 2 * 1024 * 1024 * 1024
    /// Bytes of an answer that may hold the clip's link instead of the clip.
    private static let maximumText = 1024 * 1024

    /// Fetches a clip. A text that holds the clip's link is followed once.
    ///
    /// - Returns: the file's bytes.
    /// - Throws: `corrupt_media`, retryable, for a text without one: a gateway's page may give way to the file.
    static func fetch(
        _ link: String, to path: String, _ download: OutputDownload, follows: Bool = true
    ) async throws -> Int {
        let response = try await download.fetch(link, into: .file(path, maximum: maximumBytes))
        guard isText(path, response.headers["content-type"] ?? "") else { return size(of: path) }
        if follows, size(of: path) <= maximumText, let body = FileManager.default.contents(atPath: path),
            let answer = try? JSONCoding.decode(JSONValue.self, from: body),
            let inner = MediaLinks.find(.film, in: answer).first, inner != link
        {
            return try await fetch(inner, to: path, download, follows: false)
        }
        throw ServiceError(
            .corruptMedia, "\(download.provider): what came is a text, no clip", retryable: true,
            provider: download.provider)
    }

    /// Whether a file is no media file, whatever its server calls it.
    private static func isText(_ path: String, _ type: String) -> Bool {
        let head = head(of: path)
        guard !head.isEmpty else { return true }
        if head.contains(0) { return false }
        let first = head.first { $0 > 0x20 }
        return type.contains("json") || type.contains("text/") || type.contains("html")
            || first.map { "<{[".utf8.contains($0) } ?? true
    }

    private static func head(of path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        return [UInt8](unsafeUninitializedCapacity: 512) { buffer, count in
            count = max(read(file, buffer.baseAddress, buffer.count), 0)
        }
    }

    private static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
