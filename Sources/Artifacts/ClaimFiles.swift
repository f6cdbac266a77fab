// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Exclusive claims on names, shared by all processes on this machine: one file per name, which exactly one owner can create.
///
/// A claim outlives its process. It expires with the other old files in its folder.
package struct ClaimFiles: Sendable {
    private let folder: String
    private let owner: String

    /// Creates claims for an owner.
    ///
    /// - Parameters:
    ///   - folder: an existing folder for the claim files.
    ///   - owner: the identity of the owner; it regains its claims after a restart.
    package init(folder: String, owner: String) {
        self.folder = folder
        self.owner = owner
    }

    /// Claims a name.
    ///
    /// - Returns: `false` if another owner has claimed the name. Claims always succeed if the folder is not writable.
    package func claim(_ name: String) -> Bool {
        let file = open(path(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return errno != EEXIST || owner == self.owner(of: name) }
        defer { close(file) }
        let text = Array(owner.utf8)
        return text.withUnsafeBytes { write(file, $0.baseAddress, $0.count) } == text.count
    }

    /// Whether any owner has claimed a name.
    package func isClaimed(_ name: String) -> Bool { access(path(name), F_OK) == 0 }

    private func owner(of name: String) -> String? {
        FileManager.default.contents(atPath: path(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    private func path(_ name: String) -> String { "\(folder)/claim-\(ContentKey(["name": name]).text)" }
}
