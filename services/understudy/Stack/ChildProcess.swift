import JSONRPC
import Subprocess
import SystemPackage
import Untrusted

/// One run of a program under supervision: its standard error is its log, and it ends when its standard input does.
///
/// So no child is left behind, whatever becomes of this process, `kill -9` included.
struct ChildProcess: Sendable {
    let executable: String
    /// The whole environment of the child.
    let environment: [String: String]
    /// What its lines begin with in the log.
    let label: String
    let log: ServiceLog

    /// Runs the program to its end.
    ///
    /// - Parameter began: called once with the process's id.
    /// - Returns: how it ended, or why it did not begin.
    func run(_ began: @escaping @Sendable (Int32) async -> Void) async -> String {
        let variables = environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
        do {
            let result = try await Subprocess.run(
                .path(FilePath(executable)), environment: .custom(Dictionary(variables) { _, last in last }),
                input: .inputWriter, output: .discarded, error: .sequence
            ) { [log, label] execution in
                await began(execution.processIdentifier.value)
                var lines = ChildLines()
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
