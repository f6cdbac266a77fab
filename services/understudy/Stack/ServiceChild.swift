import Faults
import FoundationEssentials
import Glibc
import Retry
import Subprocess
import SystemPackage
import Untrusted

/// One replica of a service as a child process, started again when it dies.
///
/// The child ends when its standard input does: whatever becomes of this process, `kill -9` included, no child is left behind.
actor ServiceChild {
    nonisolated let service: String
    nonisolated let instance: String
    private let executable: String
    private let environment: [String: String]
    private let log: ServiceLog
    private var pid: Int32?
    private var isStopping = false
    private var isHeld = false
    private var life: Task<Void, Never>?

    init(service: String, instance: String, executable: String, environment: [String: String], log: ServiceLog) {
        self.service = service
        self.instance = instance
        self.executable = executable
        var environment = environment
        environment["UNDERSTUDY_INSTANCE"] = instance
        environment["UNDERSTUDY_SUPERVISED"] = "stdin"
        self.environment = environment
        self.log = log
    }

    /// - Throws: `not_found` where the executable is missing.
    func start() throws {
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw ServiceError(.notFound, "\(executable) is missing: build it by `make build`")
        }
        life = Task { await live() }
    }

    /// Asks the child to stop; it drains.
    func stop() { send(SIGTERM) }

    /// Ends a child that does not stop.
    func kill() { send(SIGKILL) }

    /// Ends the process as a crash would, and starts no other until `release`.
    func hold() {
        isHeld = true
        if let pid { Glibc.kill(pid, SIGKILL) }
    }

    /// Starts the process again after `hold`.
    func release() {
        guard isHeld else { return }
        isHeld = false
        let previous = life
        life = Task {
            await previous?.value
            await live()
        }
    }

    /// Whether there is a process.
    var isRunning: Bool { pid != nil }

    private func send(_ signal: Int32) {
        isStopping = true
        if let pid { Glibc.kill(pid, signal) }
    }

    /// One process after the other, until somebody stops this.
    private func live() async {
        var failures = 0
        while !isStopping, !isHeld {
            let startedAt = ContinuousClock.now
            let end = await runOnce()
            pid = nil
            if isStopping || isHeld { return }
            // A child that ran for a while begins anew with a short pause; one that dies at once is given time.
            failures = startedAt.duration(to: .now) > .seconds(10) ? 0 : failures + 1
            let pause = RestartBackOff.pause(failures: failures)
            log.write("understudy", "\(service)/\(instance) ended (\(end)), starting it again in \(pause)")
            try? await Task.sleep(for: pause)
        }
    }

    /// -> how the process ended.
    private func runOnce() async -> String {
        let label = "\(service)/\(instance)"
        let log = self.log
        let variables = environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
        do {
            let result = try await Subprocess.run(
                .path(FilePath(executable)), environment: .custom(Dictionary(variables) { _, last in last }),
                input: .inputWriter, output: .discarded, error: .sequence
            ) { execution in
                self.began(execution.processIdentifier.value)
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

    private func began(_ pid: Int32) {
        self.pid = pid
        // It may have been stopped while it started.
        if isStopping { Glibc.kill(pid, SIGTERM) }
        if isHeld { Glibc.kill(pid, SIGKILL) }
    }
}

/// How long a child that died is left alone.
enum RestartBackOff {
    /// - Parameter failures: short lives in a row, 0 after a long one.
    static func pause(failures: Int) -> Duration { backoff.pause(after: failures + 1) }

    private static let backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
}
