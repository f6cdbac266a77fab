import Calls
import Contracts
import Faults
import FoundationEssentials
import Retry
import ServicePool

/// All services of a stack as supervised children in one run directory.
actor Stack {
    /// Each layer calls those before it: they are stopped in reverse order, so that nothing is called that is gone.
    static let layers: [[String]] = [
        [ServiceName.logger], [.imagegen, .clipper, .stitcher, .agent5], [.orchestrator], [.dashboard],
    ].map { $0.map(\.rawValue) }
    /// In the order in which they are started.
    static let services = layers.flatMap { $0 }

    nonisolated let runDirectory: RunDirectory
    private let children: [ServiceChild]

    /// How long the layers below wait for one that drains, before they are stopped too.
    private static let headStart = Duration.seconds(2)

    /// - Parameters:
    ///   - scale: replicas by service; one where nothing is said.
    ///   - without: services that somebody else provides.
    ///   - environment: what the children get, beside the run directory.
    init(
        runDirectory: RunDirectory, scale: [String: Int] = [:], without: Set<String> = [],
        environment: [String: String], log: ServiceLog
    ) {
        var environment = environment
        environment["UNDERSTUDY_RUN_DIR"] = runDirectory.path
        let ready = environment
        self.init(
            runDirectory: runDirectory,
            children: Self.services.filter { !without.contains($0) }.flatMap { service in
                (1...max(scale[service] ?? 1, 1)).map { number in
                    ServiceChild(
                        service: service, instance: "\(service)-\(number)",
                        executable: Installation.executable(service), environment: ready, log: log)
                }
            })
    }

    /// - Parameter children: in the order in which they are started.
    init(runDirectory: RunDirectory, children: [ServiceChild]) {
        self.runDirectory = runDirectory
        self.children = children
    }

    /// Starts all children and returns when each has published its socket.
    ///
    /// - Throws: `timeout` that names the children that do not serve.
    func start(timeout: Duration = .seconds(20)) async throws {
        try runDirectory.prepare()
        for child in children { try await child.start() }
        try await publication(of: children, timeout: timeout)
    }

    /// Ends all replicas of a service as a crash would; nobody answers on their sockets until `release`.
    func hold(_ service: String) async {
        for child in children where child.service == service { await child.hold() }
    }

    /// Starts a service again that was held, and returns when it serves.
    ///
    /// - Throws: `timeout`.
    func release(_ service: String, timeout: Duration = .seconds(20)) async throws {
        let held = children.filter { $0.service == service }
        // What the crash left behind is no sign of life.
        for child in held {
            try? FileManager.default.removeItem(
                atPath: runDirectory.socketPath(service: service, instance: child.instance))
        }
        for child in held { await child.release() }
        try await publication(of: held, timeout: timeout)
    }

    /// - Throws: `timeout` that names the children that do not serve.
    private func publication(of children: [ServiceChild], timeout: Duration) async throws {
        var missing = children
        let isServing = try await poll(Backoff(every: .milliseconds(10)), within: timeout) {
            missing = children.filter { !runDirectory.instances(of: $0.service).contains($0.instance) }
            return missing.isEmpty
        }
        guard isServing else {
            let names = missing.map(\.instance).joined(separator: ", ")
            throw ServiceError(.timeout, "\(names) did not begin to serve in \(runDirectory.path); see the log")
        }
    }

    /// Asks all children to drain, layer by layer, kills those that do not end in time, and returns when all have ended. It goes on
    /// where the task is cancelled that calls it.
    func stop(patience: Duration = .seconds(35)) async {
        let children = children
        await Task.detached { await Self.stop(children, by: .now + patience) }.value
    }

    private static func stop(_ children: [ServiceChild], by deadline: ContinuousClock.Instant) async {
        await withTaskGroup(of: Void.self) { group in
            for layer in layers.reversed() {
                let members = children.filter { layer.contains($0.service) }
                for child in members { group.addTask { await child.stop(by: deadline) } }
                await ended(members, within: headStart)
            }
        }
    }

    /// Returns when all of these have ended for good, or some time has passed.
    private static func ended(_ children: [ServiceChild], within patience: Duration) async {
        let (signals, signal) = AsyncStream.makeStream(of: Void.self)
        Task {
            for child in children { await child.ended() }
            signal.yield()
        }
        let timer = Task {
            try? await Task.sleep(for: patience)
            signal.yield()
        }
        for await _ in signals { break }
        timer.cancel()
    }
}
