// SPDX-License-Identifier: Apache-2.0

package import JSON
import Untrusted

/// Finds the URLs of a result in a JSON value of any shape: a string, a list, a dictionary, or these nested.
///
/// ```swift
/// MediaLinks.find(.video, in: ["video": "https://x.y/a.mp4", "thumbnail": "https://x.y/a.png"])  // ["https://x.y/a.mp4"]
/// ```
package enum MediaLinks {
    /// The kind of media that is wanted.
    package enum Kind: Sendable {
        /// An image file.
        case image
        /// A video file.
        case video
    }

    private struct Found {
        /// A URL or `data:` URI.
        var link: String
        /// The quality of the match; lower is better. Another kind of file is worse by 100 or more.
        var rank: Int
    }

    /// Bounds of the search, against adversarial responses.
    private static let (maximumDepth, maximumLinks, maximumResults) = (8, 200, 4)

    private static let videoExtensions = ["mp4", "mov", "webm", "m4v", "mkv", "avi"]
    private static let imageExtensions = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "avif"]
    private static let otherExtensions = ["wav", "mp3", "json", "txt", "srt", "vtt", "zip", "glb", "html"]
    /// Names of members that accompany a result, such as thumbnails and status URLs.
    private static let companionNames = [
        "thumb", "preview", "poster", "cover", "mask", "last_frame", "first_frame", "lastframe", "firstframe", "input",
        "reference", "log", "webhook", "callback", "get", "cancel", "stream", "web", "polling", "status_url",
        "response_url", "self", "href", "audio", "watermark", "spritesheet",
    ]
    /// Names of members whose strings are base64 without the `data:` prefix.
    private static let base64Names = ["b64_json", "base64", "b64", "video_base64", "image_base64"]

    /// Finds the most likely result in a value.
    ///
    /// - Parameters:
    ///   - kind: The kind of media that is wanted.
    ///   - output: The value that may contain the result.
    ///   - base: The URL whose origin completes absolute paths; `nil` to ignore paths.
    /// - Returns: The URLs and `data:` URIs of the most likely result, best first, at most four; empty if there is none.
    package static func find(_ kind: Kind, in output: JSONValue?, base: String? = nil) -> [String] {
        guard let output else { return [] }
        var found: [Found] = []
        collect(output, name: "", depth: 0, rank: 0, kind, base, &found)
        guard let best = found.map(\.rank).min() else { return [] }
        // A file of another kind does not substitute for the result.
        var seen: Set<String> = []
        return found.filter { $0.rank / 100 == best / 100 }.enumerated()
            .sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
            .map(\.element.link).filter { seen.insert($0).inserted }.prefix(maximumResults).map { $0 }
    }

    private static func collect(
        _ value: JSONValue, name: String, depth: Int, rank: Int, _ kind: Kind, _ base: String?, _ found: inout [Found]
    ) {
        guard depth <= maximumDepth, found.count < maximumLinks else { return }
        switch value {
        case .string(let text):
            guard let link = link(text, name: name, kind, base) else { return }
            found.append(Found(link: link, rank: rank + Self.rank(of: link, kind)))
        case .array(let elements):
            for element in elements.prefix(maximumLinks) {
                collect(element, name: name, depth: depth + 1, rank: rank, kind, base, &found)
            }
        case .object(let members):
            for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                collect(
                    value, name: name, depth: depth + 1, rank: rank + Self.rank(ofName: name, kind), kind, base, &found)
            }
        default: break
        }
    }

    private static func link(_ text: String, name: String, _ kind: Kind, _ base: String?) -> String? {
        if DataURI.isDataURI(text) { return text }
        if base64Names.contains(name.lowercased()), text.utf8.count > 16 { return "data:;base64,\(text)" }
        guard text.utf8.count <= 8192, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        let lower = text.prefix(8).lowercased()
        if lower.hasPrefix("http://") || lower.hasPrefix("https://") { return text }
        guard let base, text.hasPrefix("/"), !text.hasPrefix("//"), name.lowercased().contains("url") else {
            return nil
        }
        return origin(of: base) + text
    }

    /// The scheme, host and port of a URL.
    private static func origin(of base: String) -> String {
        guard let separator = base.firstRange(of: "://") else { return base }
        return String(base[..<separator.upperBound] + base[separator.upperBound...].prefix { $0 != "/" })
    }

    private static func rank(ofName name: String, _ kind: Kind) -> Int {
        let name = name.lowercased()
        if companionNames.contains(where: { name == $0 || (name.contains($0) && $0.utf8.count > 4) }) { return 200 }
        let isVideo = name.contains("video") || name.contains("film") || name.contains("mp4") || name.contains("clip")
        let isImage = name.contains("image") || name.contains("picture") || name.contains("png")
        switch kind {
        case .video where isVideo, .image where isImage: return 0
        case .video where isImage, .image where isVideo: return 100
        default:
            return ["url", "uri", "output", "outputs", "file", "files", "result", "results"].contains(name) ? 1 : 2
        }
    }

    private static func rank(of link: String, _ kind: Kind) -> Int {
        let type: String
        if DataURI.isDataURI(link) {
            type = link.prefix(40).lowercased()
            let (isVideo, isImage) = (type.contains("video/"), type.contains("image/"))
            return kind == .video ? (isImage ? 200 : 0) : (isVideo ? 200 : 0)
        }
        let path = link.prefix { $0 != "?" && $0 != "#" }
        let pathExtension = path.lastIndex(of: ".").map { path[path.index(after: $0)...].lowercased() } ?? ""
        let (wanted, unwanted) =
            kind == .video ? (videoExtensions, imageExtensions) : (imageExtensions, videoExtensions)
        if wanted.contains(pathExtension) { return 0 }
        if unwanted.contains(pathExtension) || otherExtensions.contains(pathExtension) { return 200 }
        return 3
    }
}
