// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hashing
import NIOHTTP1

/// The files of the page, which are embedded in the executable; compressed once.
struct Assets: Sendable {
    private struct Asset: Sendable {
        var type: String
        var bytes: [UInt8]
        /// The bytes compressed by gzip.
        var compressed: [UInt8]?
        /// A digest of the bytes, for `ETag`.
        var tag: String
        /// The Content-Security-Policy, if it is not the default one.
        var policy: String?
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    ]

    private let assets: [String: Asset]

    /// - Parameter files: the files' bytes by their names.
    init(_ files: [String: [UInt8]]) {
        var files = files
        let style = Self.inlineStyleSheet(&files)
        assets = files.reduce(into: [:]) { assets, file in
            let ending = file.key.split(separator: ".").last.map(String.init) ?? ""
            let digest = Hexadecimal.text(SHA256.hash(file.value).prefix(12))
            assets[file.key] = Asset(
                type: Self.types[ending] ?? "application/octet-stream", bytes: file.value,
                compressed: Gzip.compress(file.value, level: 9), tag: digest,
                policy: ending == "html" ? SecurityHeaders.policy(style: style) : nil)
        }
    }

    /// Moves the style sheet into the page, which saves a request before the first paint.
    ///
    /// - Returns: the hash source of the style sheet, for the Content-Security-Policy.
    private static func inlineStyleSheet(_ files: inout [String: [UInt8]]) -> String? {
        guard let page = files["index.html"], let sheet = files["app.css"] else { return nil }
        let text = String(decoding: sheet, as: UTF8.self)
        let whole = String(decoding: page, as: UTF8.self)
            .replacing(#"<link rel="stylesheet" href="/assets/app.css">"#, with: "<style>\(text)</style>")
        files["index.html"] = Array(whole.utf8)
        return "sha256-\(Data(SHA256.hash(sheet)).base64EncodedString())"
    }

    /// The response with a file: 304 if the client has it, compressed if the client accepts gzip.
    ///
    /// - Returns: `nil` if there is no such file.
    func response(_ name: String, _ request: WebRequest) -> WebResponse? {
        guard let asset = assets[name] else { return nil }
        let compressed = request.acceptsGzip ? asset.compressed : nil
        // A strong tag stands for exact bytes, so the compressed file has another one.
        let tag = "\"\(asset.tag)\(compressed == nil ? "" : "-gzip")\""
        var headers: HTTPHeaders = [
            "Content-Type": asset.type, "ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding",
        ]
        if let policy = asset.policy { headers.add(name: "Content-Security-Policy", value: policy) }
        if request.has(tag: tag) {
            return WebResponse(.notModified, headers)
        }
        if compressed != nil { headers.add(name: "Content-Encoding", value: "gzip") }
        return WebResponse(.ok, headers, .bytes(compressed ?? asset.bytes))
    }
}
