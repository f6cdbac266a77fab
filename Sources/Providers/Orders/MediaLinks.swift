package import JSON
import Untrusted

/// The places of a result in an answer of any shape: a text, a list, a dictionary, or these inside one another.
package enum MediaLinks {
    package enum Kind: Sendable {
        case picture, film
    }

    private struct Found {
        var link: String
        /// The lower, the better.
        var rank: Int
    }

    /// Bounds for an answer that is made to be searched for ever.
    private static let (maximumDepth, maximumLinks, maximumResults) = (8, 200, 4)

    private static let films = ["mp4", "mov", "webm", "m4v", "mkv", "avi"]
    private static let pictures = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "avif"]
    private static let others = ["wav", "mp3", "json", "txt", "srt", "vtt", "zip", "glb", "html"]
    /// Names of what accompanies a result.
    private static let side = [
        "thumb", "preview", "poster", "cover", "mask", "last_frame", "first_frame", "lastframe", "firstframe", "input",
        "reference", "log", "webhook", "callback", "get", "cancel", "stream", "web", "polling", "status_url",
        "response_url", "self", "href", "audio", "watermark", "spritesheet",
    ]
    /// Names whose texts are base64 without the head of a `data:` URI.
    private static let bare = ["b64_json", "base64", "b64", "video_base64", "image_base64"]

    /// - Parameters:
    ///   - base: completes links that are paths; `nil` if there are none.
    ///   - output: what may hold the result.
    /// - Returns: the links of the most likely result, best first; none if the answer holds none.
    package static func find(_ kind: Kind, in output: JSONValue?, base: String? = nil) -> [String] {
        guard let output else { return [] }
        var found: [Found] = []
        collect(output, name: "", depth: 0, rank: 0, kind, base, &found)
        guard let best = found.map(\.rank).min() else { return [] }
        // Another file than the result itself is no substitute for it.
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
        if DataURI.isOne(text) { return text }
        if bare.contains(name.lowercased()), text.utf8.count > 16 { return "data:;base64,\(text)" }
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
        guard let mark = base.firstRange(of: "://") else { return base }
        return String(base[..<mark.upperBound] + base[mark.upperBound...].prefix { $0 != "/" })
    }

    private static func rank(ofName name: String, _ kind: Kind) -> Int {
        let name = name.lowercased()
        if side.contains(where: { name == $0 || (name.contains($0) && $0.utf8.count > 4) }) { return 200 }
        let isFilm = name.contains("video") || name.contains("film") || name.contains("mp4") || name.contains("clip")
        let isPicture = name.contains("image") || name.contains("picture") || name.contains("png")
        switch kind {
        case .film where isFilm, .picture where isPicture: return 0
        case .film where isPicture, .picture where isFilm: return 100
        default:
            return ["url", "uri", "output", "outputs", "file", "files", "result", "results"].contains(name) ? 1 : 2
        }
    }

    private static func rank(of link: String, _ kind: Kind) -> Int {
        let type: String
        if DataURI.isOne(link) {
            type = link.prefix(40).lowercased()
            let (isFilm, isPicture) = (type.contains("video/"), type.contains("image/"))
            return kind == .film ? (isPicture ? 200 : 0) : (isFilm ? 200 : 0)
        }
        let path = link.prefix { $0 != "?" && $0 != "#" }
        let ending = path.lastIndex(of: ".").map { path[path.index(after: $0)...].lowercased() } ?? ""
        let (right, wrong) = kind == .film ? (films, pictures) : (pictures, films)
        if right.contains(ending) { return 0 }
        if wrong.contains(ending) || others.contains(ending) { return 200 }
        return 3
    }
}
