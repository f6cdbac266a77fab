// SPDX-License-Identifier: Apache-2.0

package import Faults
package import Secrets
import Untrusted

extension ServiceSettings {
    /// Reads a secret from an environment variable, or from the file that `<name>_FILE` names. Surrounding white space, line ends and
    /// quotes are removed.
    ///
    /// - Parameter name: the variable, such as `OPENAI_API_KEY`.
    /// - Returns: `nil` if neither variable is set, or the value is empty.
    /// - Throws: `invalid_params` if both variables are set, the file cannot be read, or the value is not a valid key.
    package func secret(_ name: String) throws(ServiceError) -> Secret? {
        func failure(_ reason: String) -> ServiceError { ServiceError(.invalidParams, reason) }
        var text = string(name)?.strippedSetting()
        if let path = string("\(name)_FILE")?.strippedSetting(), !path.isEmpty {
            guard text?.isEmpty ?? true else {
                throw failure("\(name) and \(name)_FILE are both set: unset one of them")
            }
            do {
                text = try TextFile.read(path, maximum: 65_536).strippedSetting()
            } catch {
                throw failure("\(name)_FILE: \(path) cannot be read as text of at most 64 KiB: \(error)")
            }
        }
        guard let text, !text.isEmpty else { return nil }
        if let fault = text.invalidTokenReason() {
            throw failure("\(name): expected ASCII without spaces or control characters, but \(fault)")
        }
        return Secret(text)
    }
}
