import ArgumentParser
import Glibc
import JSONRPC
import ServiceKit

/// How a command ends that could not do its work.
enum Failure {
    /// Ctrl-C.
    static let interrupted = ExitCode(130)

    /// One clear line on standard error, and the exit status.
    static func exit(with error: any Error) -> Never {
        switch error {
        case let error as any ServiceErrorConvertible:
            FileHandleOutput.error("understudy: \(text(error.serviceError))\n")
            Glibc.exit(1)
        case is CancellationError:
            Glibc.exit(interrupted.rawValue)
        default:
            UnderstudyCommand.exit(withError: error)
        }
    }

    /// `error -32602 invalid_params: /width: expected ...`, with each violation on a line of its own where there are many.
    static func text(_ error: ServiceError) -> String {
        var text = "error \(error.kind.code) \(error.kind.rawValue): \(error.message)"
        if let detail = error.detail, detail.contains("\n") {
            text += detail.split(separator: "\n").map { "\n  \($0)" }.joined()
        } else if let detail = error.detail, !error.message.contains(detail) {
            text += " (\(detail))"
        }
        return text
    }
}
