import FoundationEssentials
import Glibc

/// Claims of names, shared by all processes of this machine: a file for each name, which exactly one owner can create.
///
/// A claim outlives the process. It goes with the other old files of its folder.
package struct ClaimFiles: Sendable {
    private let folder: String
    private let owner: String

    /// - Parameters:
    ///   - folder: exists.
    ///   - owner: who claims; the same owner gets its claims again after a restart.
    package init(folder: String, owner: String) {
        self.folder = folder
        self.owner = owner
    }

    /// - Returns: `false` if another owner has the name. A folder that cannot be written keeps no claims.
    package func claim(_ name: String) -> Bool {
        let file = open(path(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return errno != EEXIST || owner == self.owner(of: name) }
        defer { close(file) }
        let text = Array(owner.utf8)
        return text.withUnsafeBytes { write(file, $0.baseAddress, $0.count) } == text.count
    }

    package func isClaimed(_ name: String) -> Bool { access(path(name), F_OK) == 0 }

    private func owner(of name: String) -> String? {
        FileManager.default.contents(atPath: path(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    private func path(_ name: String) -> String { "\(folder)/claim-\(ContentKey(["name": name]).text)" }
}
