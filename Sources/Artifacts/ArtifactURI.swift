package import Faults
import Untrusted

/// The name of an artifact: `file:///path` or `s3://bucket/key`.
package struct ArtifactURI: Sendable, Hashable, CustomStringConvertible {
    package enum Scheme: String, Sendable {
        case file, s3
    }

    package let scheme: Scheme
    /// `file`: the absolute path. `s3`: the bucket, a slash and the key.
    package let path: String

    private init(scheme: Scheme, path: String) {
        self.scheme = scheme
        self.path = path
    }

    /// Reads a URI.
    ///
    /// - Parameter pointer: where the text stood in the caller's parameters, for the error.
    /// - Throws: `invalid_params` for another scheme, a relative path, a path that climbs, or a NUL.
    package init(_ text: String, at pointer: String = "") throws(ServiceError) {
        func refuse(_ expected: String) -> ServiceError {
            .invalidParams(at: pointer, expected: "\(expected), found \"\(text.bounded(to: TextBound.quotation))\"")
        }
        guard let separator = text.firstRange(of: "://"),
            let scheme = Scheme(rawValue: String(text[..<separator.lowerBound]))
        else { throw refuse("a URI that begins with file:/// or s3://") }
        var rest = String(text[separator.upperBound...])
        if scheme == .file {
            // `file:///a%20b` and `file:///a b` name the same file.
            rest = Self.percentDecoded(rest) ?? rest
            guard rest.hasPrefix("/") else { throw refuse("an absolute path behind file://") }
        }
        guard !rest.contains("\0"), rest.utf8.count <= 4096 else {
            throw refuse("a path without NUL, at most 4096 bytes")
        }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: true)
        guard !parts.isEmpty, !parts.contains("..") else { throw refuse("a path without \"..\"") }
        self.scheme = scheme
        path = (scheme == .file ? "/" : "") + parts.filter { $0 != "." }.joined(separator: "/")
    }

    /// The URI of a file of this machine.
    package init(filePath: String) {
        self.init(scheme: .file, path: filePath)
    }

    /// A name below this one.
    package func appending(_ relative: String) throws(ServiceError) -> ArtifactURI {
        try ArtifactURI("\(description)/\(Self.percentEncoded(relative, for: scheme))")
    }

    /// The same name with another ending: `final.mp4` becomes `final.srt`.
    package func replacingExtension(_ ending: String) -> ArtifactURI {
        let stem = name.lastIndex(of: ".").map { name[..<$0] } ?? name[...]
        return ArtifactURI(scheme: scheme, path: path.dropLast(name.count) + stem + "." + ending)
    }

    /// A hidden name beside this one that no other writer uses.
    package var temporary: ArtifactURI { ArtifactURI(scheme: scheme, path: DurableFile.temporary(beside: path)) }

    /// The last component.
    package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// What follows the name's last dot, in lower case.
    package var fileExtension: String { name.split(separator: ".").last.map { $0.lowercased() } ?? "" }

    /// Whether this is the folder itself or something below it.
    package func isBelow(_ folder: ArtifactURI) -> Bool {
        scheme == folder.scheme && (path == folder.path || path.hasPrefix(folder.path + "/"))
    }

    package var description: String { "\(scheme.rawValue)://\(Self.percentEncoded(path, for: scheme))" }

    private static func percentDecoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var iterator = text.utf8.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = iterator.next(), let low = iterator.next(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Only what a reader would take for something else is encoded, so that paths stay readable.
    private static func percentEncoded(_ text: String, for scheme: Scheme) -> String {
        guard scheme == .file else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%": result += "%25"
            case "#": result += "%23"
            case "?": result += "%3F"
            case " ": result += "%20"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
