package import Faults
package import Secrets
import Untrusted

extension ServiceSettings {
    /// A secret from the environment: from the variable itself, or from the file that `<name>_FILE` names. White space, line ends and
    /// quotes around it are no part of it.
    ///
    /// - Returns: `nil` where neither is set, or the file is empty.
    /// - Throws: `invalid_params` that names the variable: both are set, the file cannot be read, or what is there is no secret.
    package func secret(_ name: String) throws(ServiceError) -> Secret? {
        func refuse(_ reason: String) -> ServiceError { ServiceError(.invalidParams, reason) }
        var text = string(name)?.strippedSetting()
        if let path = string("\(name)_FILE")?.strippedSetting(), !path.isEmpty {
            guard text?.isEmpty ?? true else {
                throw refuse("\(name) and \(name)_FILE are both set: unset one of them")
            }
            do {
                text = try TextFile.read(path, maximum: 65_536).strippedSetting()
            } catch {
                throw refuse("\(name)_FILE: \(path) cannot be read as a text of at most 64 KiB: \(error)")
            }
        }
        guard let text, !text.isEmpty else { return nil }
        if let fault = text.keyFault() {
            throw refuse("\(name): expected one word without blanks or control characters, in ASCII; \(fault)")
        }
        return Secret(text)
    }
}
