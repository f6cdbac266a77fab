import Faults
import FoundationEssentials
import Glibc
import JSONRPC
import Retry
import Subprocess
import SystemPackage
import Untrusted

/// One replica of a service as a child process: whenever it ends it is started again, until it is held or stopped.
actor ServiceChild {
    /// What is wanted of the child.
    private enum Order: Equatable {
        case run
        /// Killed, and not started until it shall run again.
        case hold
        /// Ended for good, by this signal.
        case stop(Int32)
    }

    nonisolated let service: String
    nonisolated let instance: String
    private let program: ChildProcess
    private let pause: @Sendable (inout RestartBackOff, Duration) -> Duration
    private var order = Order.run
    private var isAlive = false
    /// Known a moment after the process is alive.
    private var pid: Int32?
    private var supervision: Task<Void, Never>?
    /// A pause before the next start, or the time of being held; cancelled by the next order.
    private var rest: Task<Void, Never>?
    private var mourners: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - environment: what the child gets, beside its name and that it is supervised.
    ///   - pause: between the end of a run of some length and the next one; another one is for tests.
    init(
        service: String, instance: String, executable: String, environment: [String: String], log: ServiceLog,
        pause: @escaping @Sendable (inout RestartBackOff, Duration) -> Duration = { $0.pause(afterRunOf: $1) }
    ) {
        self.service = service
        self.instance = instance
        self.pause = pause
        var environment = environment
        environment["UNDERSTUDY_INSTANCE"] = instance
        environment["UNDERSTUDY_SUPERVISED"] = "stdin"
        program = ChildProcess(
            executable: executable, environment: environment, label: "\(service)/\(instance)", log: log)
    }

    /// - Throws: `not_found` where the executable is missing.
    func start() throws {
        guard FileManager.default.isExecutableFile(atPath: program.executable) else {
            throw ServiceError(.notFound, "\(program.executable) is missing: build it by `make build`")
        }
        supervision = Task { await supervise() }
    }

    /// Asks the child to stop, which lets it drain, kills it at the deadline, and returns when it has ended.
    func stop(by deadline: ContinuousClock.Instant) async {
        obey(.stop(SIGTERM))
        let overdue = Task {
            try await Task.sleep(until: deadline, clock: .continuous)
            obey(.stop(SIGKILL))
        }
        await ended()
        overdue.cancel()
    }

    /// Returns when the child has ended for good.
    func ended() async { await supervision?.value }

    /// Ends the process as a crash would, and starts no other until `release`. Returns when it is gone.
    func hold() async {
        obey(.hold)
        guard isAlive else { return }
        await withCheckedContinuation { mourners.append($0) }
    }

    /// Starts the process again after `hold`.
    func release() {
        if order == .hold { obey(.run) }
    }

    private func obey(_ order: Order) {
        self.order = order
        tell()
        rest?.cancel()
    }

    /// Sends the signal that the order means.
    private func tell() {
        guard let pid else { return }
        switch order {
        case .run: break
        case .hold: kill(pid, SIGKILL)
        case .stop(let signal): kill(pid, signal)
        }
    }

    /// One process after the other.
    private func supervise() async {
        var backOff = RestartBackOff()
        while true {
            switch order {
            case .stop: return
            case .hold: await rest(for: .seconds(86_400))
            case .run:
                let length = await runOnce()
                guard order == .run else { continue }
                let pause = pause(&backOff, length.run)
                program.log.write(
                    "understudy", "\(service)/\(instance) ended (\(length.end)), starting it again in \(pause)")
                await rest(for: pause)
            }
        }
    }

    /// -> how long the process ran, and how it ended.
    private func runOnce() async -> (run: Duration, end: String) {
        let startedAt = ContinuousClock.now
        isAlive = true
        let end = await program.run { pid in await self.began(pid) }
        isAlive = false
        pid = nil
        for mourner in mourners { mourner.resume() }
        mourners = []
        return (startedAt.duration(to: .now), end)
    }

    private func began(_ pid: Int32) {
        self.pid = pid
        // Another order may have come while it started.
        tell()
    }

    /// Waits for the next order, for some time at most.
    private func rest(for duration: Duration) async {
        let rest = Task<Void, Never> { try? await Task.sleep(for: duration) }
        self.rest = rest
        await rest.value
        self.rest = nil
    }
}
