import ArgumentParser
import Faults
import Glibc
import Untrusted

/// How a command ends that could not do its work.
enum Failure {
    /// Ctrl-C.
    static let interrupted = ExitCode(130)

    /// One clear line on standard error, and the exit status.
    ///
    /// - Parameter command: what was parsed, which explains errors of arguments.
    static func exit(with error: any Error, of command: any ParsableCommand.Type) -> Never {
        switch error {
        case let error as any ServiceErrorConvertible:
            Terminal.printError("understudy: \(text(error.serviceError))")
            Glibc.exit(1)
        case is CancellationError:
            Glibc.exit(interrupted.rawValue)
        default:
            let code = command.exitCode(for: error)
            // Help and completion scripts are our own words; an error repeats the arguments.
            if code.isSuccess { command.exit(withError: error) }
            let text = command.fullMessage(for: error)
            if !text.isEmpty { Terminal.printError(text) }
            Glibc.exit(code.rawValue)
        }
    }

    /// `error -32602 invalid_params: /width: expected ...`, with each violation on a line of its own where there are many.
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
