// SPDX-License-Identifier: Apache-2.0

package import Faults
import Untrusted

/// The name of an artifact: `file:///path` or `s3://bucket/key`.
package struct ArtifactURI: Sendable, Hashable, CustomStringConvertible {
    /// Where an artifact is stored: a local file, or an S3 object.
    package enum Scheme: String, Sendable {
        case file, s3
    }

    /// The scheme.
    package let scheme: Scheme
    /// The absolute path of a file, or an object's bucket and key, separated by a slash. Not percent-encoded.
    package let path: String

    private init(scheme: Scheme, path: String) {
        self.scheme = scheme
        self.path = path
    }

    /// Parses a URI. Paths of files may be percent-encoded.
    ///
    /// - Parameter pointer: the JSON pointer of the text in the caller's parameters, for messages.
    /// - Throws: `invalid_params` for another scheme, a relative path, a path with `..` or NUL, or more than 4096 bytes.
    package init(_ text: String, at pointer: String = "") throws(ServiceError) {
        func violation(_ expected: String) -> ServiceError {
            .invalidParams(at: pointer, expected: "\(expected), found \"\(text.bounded(to: TextBound.quotation))\"")
        }
        guard let separator = text.firstRange(of: "://"),
            let scheme = Scheme(rawValue: String(text[..<separator.lowerBound]))
        else { throw violation("a URI that begins with file:/// or s3://") }
        var rest = String(text[separator.upperBound...])
        if scheme == .file {
            // Unencoded paths are accepted as well: `file:///a%20b` and `file:///a b` are the same file.
            rest = PercentEncoding.decoded(rest) ?? rest
            guard rest.hasPrefix("/") else { throw violation("an absolute path after file://") }
        }
        guard !rest.contains("\0"), rest.utf8.count <= 4096 else {
            throw violation("a path without NUL, at most 4096 bytes")
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: true)
        guard !parts.isEmpty, !parts.contains("..") else { throw violation("a path without \"..\"") }
        self.scheme = scheme
        path = (scheme == .file ? "/" : "") + parts.filter { $0 != "." }.joined(separator: "/")
    }

    /// Creates the URI of a local file.
    ///
    /// - Parameter filePath: an absolute path, not validated.
    package init(filePath: String) {
        self.init(scheme: .file, path: filePath)
    }

    /// The URI of an artifact below this folder.
    ///
    /// - Parameter relative: a relative path, not percent-encoded.
    /// - Throws: `invalid_params` if the result is not a valid URI.
    package func appending(_ relative: String) throws(ServiceError) -> ArtifactURI {
        try ArtifactURI("\(description)/\(Self.percentEncoded(relative, for: scheme))")
    }

    /// The URI with another extension: `final.mp4` becomes `final.srt`.
    ///
    /// - Parameter fileExtension: the new extension without a dot.
    package func replacingExtension(_ fileExtension: String) -> ArtifactURI {
        let stem = name.lastIndex(of: ".").map { name[..<$0] } ?? name[...]
        return ArtifactURI(scheme: scheme, path: path.dropLast(name.count) + stem + "." + fileExtension)
    }

    /// A unique hidden name in the same folder, for a temporary artifact.
    package var temporary: ArtifactURI { ArtifactURI(scheme: scheme, path: DurableFile.temporary(beside: path)) }

    /// The last component.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The text after the last dot of the name, in lowercase; the whole name if it has no dot.
    package var fileExtension: String { name.split(separator: ".").last.map { $0.lowercased() } ?? "" }

    /// Whether the artifact is `folder` itself or below it, without resolving links.
    package func isBelow(_ folder: ArtifactURI) -> Bool {
        scheme == folder.scheme && (path == folder.path || path.hasPrefix(folder.path + "/"))
    }

    /// The URI.
    package var description: String { "\(scheme.rawValue)://\(Self.percentEncoded(path, for: scheme))" }

    /// Encodes only the characters with a meaning in URIs, so that paths stay readable.
    private static func percentEncoded(_ text: String, for scheme: Scheme) -> String {
        scheme == .file ? PercentEncoding.encoded(text) { !"%#? ".utf8.contains($0) } : text
    }
}
