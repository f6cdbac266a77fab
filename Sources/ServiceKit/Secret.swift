import Glibc
package import JSONRPC

/// A key or a token: whoever prints it, logs it or looks at it in a debugger's mirror sees `***`.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    package init(_ text: String) { self.text = text }

    /// The secret itself, for the header that it goes into.
    package func reveal() -> String { text }

    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension ServiceSettings {
    /// A secret from the environment: from the variable itself, or from the file that `<name>_FILE` names.
    ///
    /// - Returns: `nil` where neither is set, or the file is empty.
    /// - Throws: `invalid_params` that names the variable: both are set, the file cannot be read, or what is there is no secret.
    package func secret(_ name: String) throws(ServiceError) -> Secret? {
        func refuse(_ reason: String) -> ServiceError { ServiceError(.invalidParams, reason) }
        var text = string(name)
        if let path = string("\(name)_FILE") {
            guard text == nil else { throw refuse("\(name) and \(name)_FILE are both set: unset one of them") }
            guard let read = Self.text(of: path, maximum: 65_536) else {
                throw refuse("\(name)_FILE: \(path) cannot be read as a text of at most 64 KiB")
            }
            text = String(read.reversed().drop(while: \.isWhitespace).reversed())
        }
        guard let text, !text.isEmpty else { return nil }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw refuse("\(name): expected one word without blanks or control characters")
        }
        return Secret(text)
    }

    /// -> `nil` for what cannot be read, is longer, or is no text; a device may have no end.
    private static func text(of path: String, maximum: Int) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: maximum + 1)
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress.map { $0 + count }, $0.count - count) }
            if more < 0, errno == EINTR { continue }
            guard more >= 0 else { return nil }
            guard more > 0 else { return String(validating: bytes.prefix(count), as: UTF8.self) }
            count += more
        }
        return nil
    }
}
