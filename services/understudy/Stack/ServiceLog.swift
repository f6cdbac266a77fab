import Foundation
import ServiceKit
import Synchronization

/// One log of all children, each line with who said it.
final class ServiceLog: Sendable {
    private let output: @Sendable (String) -> Void

    private init(_ output: @escaping @Sendable (String) -> Void) {
        self.output = output
    }

    /// Standard output; lines that nobody reads are dropped, and counted.
    static let standardOutput = ServiceLog { LogOutput.standardOutput.write($0) }

    /// A log in a file, which is begun anew.
    static func file(_ path: String) -> ServiceLog {
        _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        let handle = Mutex(FileHandle(forWritingAtPath: path))
        return ServiceLog { line in
            handle.withLock { try? $0?.write(contentsOf: Data(line.utf8)) }
        }
    }

    func write(_ label: String, _ line: String) { output("\(label) | \(line)\n") }
}
