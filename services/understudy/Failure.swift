// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Faults
import Glibc
import Untrusted

/// Exit statuses and error messages of commands that fail.
enum Failure {
    /// The exit status after Ctrl-C.
    static let interrupted = ExitCode(130)

    /// Prints the error on standard error and exits.
    ///
    /// - Parameter command: the parsed command, which formats errors of its arguments.
    static func exit(with error: any Error, of command: any ParsableCommand.Type) -> Never {
        switch error {
        case let error as any ServiceErrorConvertible:
            Terminal.printError("understudy: \(text(error.serviceError))")
            Glibc.exit(1)
        case is CancellationError:
            Glibc.exit(interrupted.rawValue)
        default:
            let code = command.exitCode(for: error)
            // Help and completion scripts are trusted; errors quote the arguments, so they are made printable.
            if code.isSuccess { command.exit(withError: error) }
            let text = command.fullMessage(for: error)
            if !text.isEmpty { Terminal.printError(text) }
            Glibc.exit(code.rawValue)
        }
    }

    /// `error -32602 invalid_params: /width: expected ...`; several violations follow on lines of their own.
    static func text(_ error: ServiceError) -> String {
        var text = "error \(error.kind.code) \(error.kind.rawValue): \(error.message.printable())"
        if let detail = error.detail, detail.contains("\n") {
            text += detail.split(separator: "\n").map { "\n  \($0.printable())" }.joined()
        } else if let detail = error.detail, !error.message.contains(detail) {
            text += " (\(detail.printable()))"
        }
        return text
    }
}
