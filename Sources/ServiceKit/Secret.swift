import FoundationEssentials
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
    /// - Returns: `nil` where neither is set.
    /// - Throws: `invalid_params` that names the variable: both are set, the file cannot be read, or what is there is no secret.
    package func secret(_ name: String) throws(ServiceError) -> Secret? {
        func refuse(_ reason: String) -> ServiceError { ServiceError(.invalidParams, reason) }
        var text = string(name)
        if let path = string("\(name)_FILE") {
            guard text == nil else { throw refuse("\(name) and \(name)_FILE are both set: unset one of them") }
            guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int, size <= 65_536,
                let read = try? String(contentsOfFile: path, encoding: .utf8)
            else { throw refuse("\(name)_FILE: \(path) cannot be read as a text of at most 64 KiB") }
            text = String(read.reversed().drop(while: \.isWhitespace).reversed())
        }
        guard let text else { return nil }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw refuse("\(name): expected one word without blanks or control characters")
        }
        return Secret(text)
    }
}
