@preconcurrency import Dispatch
import Glibc
import Synchronization

/// A descriptor that log lines are written to, by a thread of its own: a reader that does not read never stops the service.
///
/// Lines wait in a bounded buffer. Those that do not fit are dropped and counted; the log reports their number as soon as there
/// is room again.
package final class LogOutput: Sendable {
    /// Standard error.
    package static let standardError = LogOutput(STDERR_FILENO)
    /// Standard output, of a program whose output is a log.
    package static let standardOutput = LogOutput(STDOUT_FILENO)

    private struct State {
        var waiting: [String] = []
        var bytes = 0
        var unreported: UInt64 = 0
        var dropped: UInt64 = 0
        var isWriting = false
    }

    private let descriptor: Int32
    private let capacity: Int
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "understudy.log")

    /// - Parameter capacity: bytes that may wait.
    package init(_ descriptor: Int32, capacity: Int = 1 << 20) {
        self.descriptor = descriptor
        self.capacity = capacity
    }

    /// Lines that were dropped since the process began.
    package var dropped: UInt64 { state.withLock { $0.dropped } }

    /// Takes one line, newline included; returns at once.
    package func write(_ line: String) {
        let begins = state.withLock { state in
            guard state.bytes + line.utf8.count <= capacity else {
                state.unreported += 1
                state.dropped += 1
                return false
            }
            state.bytes += line.utf8.count
            state.waiting.append(line)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { queue.async { self.writeAll() } }
    }

    /// Waits until every line is written, for some time at most: the process is about to end.
    package func flush(within milliseconds: Int = 500) {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        // trusted: a constant of the callers
        _ = done.wait(timeout: .now() + .milliseconds(milliseconds))
    }

    private func writeAll() {
        while let lines = next() {
            for line in lines {
                Self.write(line, to: descriptor)
                state.withLock { $0.bytes -= line.utf8.count }
            }
        }
    }

    private func next() -> [String]? {
        state.withLock { state in
            guard !state.waiting.isEmpty || state.unreported > 0 else {
                state.isWriting = false
                return nil
            }
            var lines = state.waiting
            state.waiting = []
            if state.unreported > 0 {
                let report = LineLogHandler.line(
                    level: "warning", label: "log",
                    message: "\(state.unreported) log lines were dropped: the log was not read")
                state.unreported = 0
                state.bytes += report.utf8.count
                lines.append(report)
            }
            return lines
        }
    }

    /// Writes all of a text, however long it takes; gives up where the descriptor takes nothing more.
    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, 1000)
            } else if count == 0 || errno != EINTR {
                return
            }
        }
    }
}
