// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import Glibc
import Synchronization

/// Writes log lines to a file descriptor on a separate thread, so that a stalled reader never blocks the service.
///
/// Lines are buffered up to a limit. Lines beyond it are dropped and counted; the log reports their number once there is space again.
package final class LogOutput: Sendable {
    /// Standard error.
    package static let standardError = LogOutput(STDERR_FILENO)
    /// Standard output, for programs whose output is a log.
    package static let standardOutput = LogOutput(STDOUT_FILENO)

    private struct State {
        var pending: [String] = []
        /// The bytes of lines that are not written yet.
        var bytes = 0
        /// Dropped lines that the log has not reported yet.
        var unreported: UInt64 = 0
        var dropped: UInt64 = 0
        var isWriting = false
    }

    private let descriptor: Int32
    private let capacity: Int
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "understudy.log")

    /// Creates an output.
    ///
    /// - Parameters:
    ///   - descriptor: an open descriptor, which is never closed.
    ///   - capacity: the maximum number of buffered bytes.
    package init(_ descriptor: Int32, capacity: Int = 1 << 20) {
        self.descriptor = descriptor
        self.capacity = capacity
    }

    /// The number of lines dropped so far.
    package var dropped: UInt64 { state.withLock { $0.dropped } }

    /// Queues one line, newline included, without blocking.
    package func write(_ line: String) {
        let startsWriter = state.withLock { state in
            guard state.bytes + line.utf8.count <= capacity else {
                state.unreported += 1
                state.dropped += 1
                return false
            }
            state.bytes += line.utf8.count
            state.pending.append(line)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if startsWriter { queue.async { self.writeAll() } }
    }

    /// Waits until all queued lines are written, before the process exits.
    ///
    /// - Parameter milliseconds: the maximum time to wait.
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
            guard !state.pending.isEmpty || state.unreported > 0 else {
                state.isWriting = false
                return nil
            }
            var lines = state.pending
            state.pending = []
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

    /// Writes a text completely, however long it takes; returns early if the descriptor is closed or fails.
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
