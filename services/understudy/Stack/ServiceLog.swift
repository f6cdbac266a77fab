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

    /// A log in a file, which is begun anew; what is not a regular file, such as `/dev/null`, is written to and stays what it is.
    static func file(_ path: String) -> ServiceLog {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let handle = Mutex(descriptor < 0 ? nil : FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
        return ServiceLog { line in
            handle.withLock { try? $0?.write(contentsOf: Data(line.utf8)) }
        }
    }

    func write(_ label: String, _ line: String) { output("\(label) | \(line)\n") }
}
