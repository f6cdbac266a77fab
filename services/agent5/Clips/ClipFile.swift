// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Glibc
import HTTP
import JSON
import Providers
import Untrusted

/// Downloads the file of a clip.
enum ClipFile {
    /// The maximum size of a clip, in bytes.
    private static let maximumBytes = 2 * 1024 * 1024 * 1024
    /// The maximum size of a response that contains the clip's link instead of the clip, in bytes.
    private static let maximumLinkResponseBytes = 1024 * 1024

    /// Downloads a clip. A JSON response that contains the clip's link is followed once.
    ///
    /// - Parameters:
    ///   - link: The URL of the clip.
    ///   - path: The path of the file.
    ///   - download: Fetches the URL.
    ///   - followsLink: Whether a link in the response is followed.
    /// - Returns: The size of the file in bytes.
    /// - Throws: `corrupt_media`, retryable, for a response that is neither a clip nor a link: a gateway's error page may be
    ///   temporary.
    static func fetch(
        _ link: String, to path: String, _ download: OutputDownload, followsLink: Bool = true
    ) async throws -> Int {
        let response = try await download.fetch(link, into: .file(path, maximum: maximumBytes))
        guard isText(path, response.headers["content-type"] ?? "") else { return size(of: path) }
        if followsLink, size(of: path) <= maximumLinkResponseBytes,
            let body = FileManager.default.contents(atPath: path),
            let value = try? JSONCoding.decode(JSONValue.self, from: body),
            let inner = MediaLinks.find(.video, in: value).first, inner != link
        {
            return try await fetch(inner, to: path, download, followsLink: false)
        }
        let found = size(of: path) == 0 ? "empty" : "text, not a video clip"
        throw ServiceError(
            .corruptMedia, "\(download.provider): the response is \(found)", retryable: true,
            provider: download.provider)
    }

    /// Whether a file is text, whatever its content type says.
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
