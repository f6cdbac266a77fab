// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Glibc
import JSONRPC
import Retry
import Subprocess
import SystemPackage
import Untrusted

/// One replica of a service as a supervised child process: it is restarted whenever it exits, until it is taken down or stopped.
actor ServiceChild {
    /// The state that the supervision keeps the child in.
    private enum Target: Equatable {
        case running
        /// Killed, and not restarted until `bringUp`.
        case down
        /// Ended for good by a signal.
        case stopped(Int32)
    }

    nonisolated let service: String
    nonisolated let instance: String
    private let program: ChildProcess
    private let pause: @Sendable (inout RestartBackoff, Duration) -> Duration
    private var target = Target.running
    private var isAlive = false
    /// Known shortly after the process was started.
    private var pid: Int32?
    private var supervision: Task<Void, Never>?
    /// The pause before a restart, or the time while the child is down; cancelled when the target changes.
    private var pauseTask: Task<Void, Never>?
    private var exitWaiters: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - environment: the variables of the child, besides its instance name and that it is supervised.
    ///   - pause: returns the pause after a run of some length; tests pass another one.
    init(
        service: String, instance: String, executable: String, environment: [String: String], log: ServiceLog,
        pause: @escaping @Sendable (inout RestartBackoff, Duration) -> Duration = { $0.pause(afterRunOf: $1) }
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

    /// Starts the child and its supervision.
    ///
    /// - Throws: `not_found` if there is no executable.
    func start() throws {
        guard FileManager.default.isExecutableFile(atPath: program.executable) else {
            throw ServiceError(.notFound, "\(program.executable) is missing: build it with `make build`")
        }
        supervision = Task { await supervise() }
    }

    /// Sends SIGTERM, so that the child drains, and SIGKILL at the deadline. Returns when the child has ended.
    func stop(by deadline: ContinuousClock.Instant) async {
        setTarget(.stopped(SIGTERM))
        let killer = Task {
            try await Task.sleep(until: deadline, clock: .continuous)
            setTarget(.stopped(SIGKILL))
        }
        await waitUntilStopped()
        killer.cancel()
    }

    /// Returns when the child has ended for good.
    func waitUntilStopped() async { await supervision?.value }

    /// Kills the process, like a crash, and does not restart it until `bringUp`. Returns when the process is gone.
    func takeDown() async {
        setTarget(.down)
        guard isAlive else { return }
        await withCheckedContinuation { exitWaiters.append($0) }
    }

    /// Starts the process again after `takeDown`.
    func bringUp() {
        if target == .down { setTarget(.running) }
    }

    private func setTarget(_ target: Target) {
        self.target = target
        sendSignal()
        pauseTask?.cancel()
    }

    /// Sends the signal that leads to the target.
    private func sendSignal() {
        guard let pid else { return }
        switch target {
        case .running: break
        case .down: kill(pid, SIGKILL)
        case .stopped(let signal): kill(pid, signal)
        }
    }

    /// Runs the process again and again, until the target is `stopped`.
    private func supervise() async {
        var backoff = RestartBackoff()
        while true {
            switch target {
            case .stopped: return
            case .down: await sleep(for: .seconds(86_400))
            case .running:
                let run = await runOnce()
                guard target == .running else { continue }
                let pause = pause(&backoff, run.length)
                program.log.write(
                    "understudy", "\(service)/\(instance) exited (\(run.status)), restarting in \(pause)")
                await sleep(for: pause)
            }
        }
    }

    /// Runs the process once.
    ///
    /// - Returns: the duration of the run, and its termination status.
    private func runOnce() async -> (length: Duration, status: String) {
        let startedAt = ContinuousClock.now
        isAlive = true
        let status = await program.run { pid in await self.didStart(pid) }
        isAlive = false
        pid = nil
        for waiter in exitWaiters { waiter.resume() }
        exitWaiters = []
        return (startedAt.duration(to: .now), status)
    }

    private func didStart(_ pid: Int32) {
        self.pid = pid
        // The target may have changed before the process ID was known.
        sendSignal()
    }

    /// Waits until the target changes, for some time at most.
    private func sleep(for duration: Duration) async {
        let task = Task<Void, Never> { try? await Task.sleep(for: duration) }
        pauseTask = task
        await task.value
        pauseTask = nil
    }
}
