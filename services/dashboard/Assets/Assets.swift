import Crypto
import FoundationEssentials
import NIOHTTP1

/// The files of the page, which are a part of the executable; packed once.
struct Assets: Sendable {
    private struct Asset: Sendable {
        var type: String
        var plain: [UInt8]
        var packed: [UInt8]?
        /// Of the contents.
        var tag: String
        /// What the page may load, where it is more than usual.
        var policy: String?
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    ]

    private let assets: [String: Asset]

    /// - Parameter files: by name.
    init(_ files: [String: [UInt8]]) {
        var files = files
        let style = Self.settle(&files)
        assets = files.reduce(into: [:]) { assets, file in
            let ending = file.key.split(separator: ".").last.map(String.init) ?? ""
            let digest = SHA256.hash(data: file.value).prefix(12).map {
                String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
            }
            assets[file.key] = Asset(
                type: Self.types[ending] ?? "application/octet-stream", plain: file.value,
                packed: Gzip.pack(file.value, level: 9), tag: digest.joined(),
                policy: ending == "html" ? SafetyHeaders.policy(style: style) : nil)
        }
    }

    /// Puts the style sheet into the page, which is painted without another request then. -> its digest, for the policy.
    private static func settle(_ files: inout [String: [UInt8]]) -> String? {
        guard let page = files["index.html"], let sheet = files["app.css"] else { return nil }
        let text = String(decoding: sheet, as: UTF8.self)
        let whole = String(decoding: page, as: UTF8.self)
            .replacing(#"<link rel="stylesheet" href="/assets/app.css">"#, with: "<style>\(text)</style>")
        files["index.html"] = Array(whole.utf8)
        return "sha256-\(Data(SHA256.hash(data: sheet)).base64EncodedString())"
    }

    func response(_ name: String, _ request: WebRequest) -> WebResponse? {
        guard let asset = assets[name] else { return nil }
        let isPacked = request.acceptsGzip && asset.packed != nil
        // Packed or not, these are other bytes.
        let tag = "\"\(asset.tag)\(isPacked ? "-gzip" : "")\""
        var headers: HTTPHeaders = [
            "Content-Type": asset.type, "ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding",
        ]
        if let policy = asset.policy { headers.add(name: "Content-Security-Policy", value: policy) }
        if request.has(tag: tag) {
            return WebResponse(.notModified, headers)
        }
        if isPacked { headers.add(name: "Content-Encoding", value: "gzip") }
        return WebResponse(.ok, headers, .bytes(isPacked ? asset.packed ?? [] : asset.plain))
    }
}
