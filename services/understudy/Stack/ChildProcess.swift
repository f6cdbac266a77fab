// SPDX-License-Identifier: Apache-2.0

import JSONRPC
import Subprocess
import SystemPackage
import Untrusted

/// One run of a child process. Its standard error is logged, and it exits when its standard input is closed, so that no child survives
/// this process, not even after `kill -9`.
struct ChildProcess: Sendable {
    /// The path of the executable.
    let executable: String
    /// The complete environment of the child.
    let environment: [String: String]
    /// The prefix of its lines in the log.
    let label: String
    let log: ServiceLog

    /// Runs the program to its end.
    ///
    /// - Parameter onStart: called once with the process ID.
    /// - Returns: the termination status, or why the process could not be started.
    func run(onStart: @escaping @Sendable (Int32) async -> Void) async -> String {
        let variables = environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
        do {
            let result = try await Subprocess.run(
                .path(FilePath(executable)), environment: .custom(Dictionary(variables) { _, last in last }),
                input: .inputWriter, output: .discarded, error: .sequence
            ) { [log, label] execution in
                await onStart(execution.processIdentifier.value)
                var lines = ChildOutputLines()
                for try await bytes in execution.standardError {
                    for line in bytes.withUnsafeBytes({ lines.append($0) }) { log.write(label, line) }
                }
                for line in lines.finish() { log.write(label, line) }
            }
            return "\(result.terminationStatus)"
        } catch {
            return "\(error)"
        }
    }
}
