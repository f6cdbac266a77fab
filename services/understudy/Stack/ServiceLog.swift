// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServiceKit
import Synchronization

/// The common log of all children; each line begins with the name of its child.
final class ServiceLog: Sendable {
    private let output: @Sendable (String) -> Void

    private init(_ output: @escaping @Sendable (String) -> Void) {
        self.output = output
    }

    /// Standard output. If its reader stalls, lines are dropped and counted.
    static let standardOutput = ServiceLog { LogOutput.standardOutput.write($0) }

    /// A private file, which is truncated. A file that is not regular, such as `/dev/null`, is written to as it is.
    static func file(_ path: String) -> ServiceLog {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let handle = Mutex(descriptor < 0 ? nil : FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
        return ServiceLog { line in
            handle.withLock { try? $0?.write(contentsOf: Data(line.utf8)) }
        }
    }

    /// Writes a line.
    ///
    /// - Parameter label: the name of the child.
    func write(_ label: String, _ line: String) { output("\(label) | \(line)\n") }
}
