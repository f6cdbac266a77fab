// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import FoundationEssentials
import Retry
import ServicePool

/// All services of a stack as supervised child processes in one run directory.
///
/// ```swift
/// let stack = Stack(runDirectory: directory, environment: environment, log: .standardOutput)
/// try await stack.start()
/// await stack.stop()
/// ```
actor Stack {
    /// The services by layer. Each layer calls the ones before it, so they are stopped in reverse order.
    static let layers: [[String]] = [
        [ServiceName.logger], [.imagegen, .clipper, .stitcher, .agent5], [.orchestrator], [.dashboard],
    ].map { $0.map(\.rawValue) }
    /// All services in the order in which they are started.
    static let services = layers.flatMap { $0 }

    nonisolated let runDirectory: RunDirectory
    /// In the order in which they are started.
    private var children: [ServiceChild]
    /// Makes a child that is not started, given its service and instance.
    private let makeChild: @Sendable (_ service: String, _ instance: String) -> ServiceChild
    /// Whether replicas are being added or removed.
    private var isScaling = false
    private var isStopping = false

    /// How long a layer may drain before the layers below it are stopped too.
    private static let layerDrainTime = Duration.seconds(2)

    /// - Parameters:
    ///   - scale: the numbers of replicas by service; 1 by default.
    ///   - without: services that are not started.
    ///   - environment: the variables of the children, besides the run directory.
    ///   - log: where the children's logs go.
    init(
        runDirectory: RunDirectory, scale: [String: Int] = [:], without: Set<String> = [],
        environment: [String: String], log: ServiceLog
    ) {
        var environment = environment
        environment["UNDERSTUDY_RUN_DIR"] = runDirectory.path
        let childEnvironment = environment
        let makeChild: @Sendable (String, String) -> ServiceChild = { service, instance in
            ServiceChild(
                service: service, instance: instance, executable: Installation.executable(service),
                environment: childEnvironment, log: log)
        }
        self.makeChild = makeChild
        self.runDirectory = runDirectory
        children = Self.services.filter { !without.contains($0) }.flatMap { service in
            (1...max(scale[service] ?? 1, 1)).map { makeChild(service, "\(service)-\($0)") }
        }
    }

    /// - Parameters:
    ///   - children: the children in the order in which they are started.
    ///   - makeChild: makes a child that is not started, given its service and instance.
    init(
        runDirectory: RunDirectory, children: [ServiceChild],
        makeChild: @escaping @Sendable (_ service: String, _ instance: String) -> ServiceChild
    ) {
        self.runDirectory = runDirectory
        self.children = children
        self.makeChild = makeChild
    }

    /// Starts all children and returns when each has published its socket.
    ///
    /// - Throws: `timeout` that names the children without a socket.
    func start(timeout: Duration = .seconds(20)) async throws {
        try runDirectory.prepare()
        for child in children { try await child.start() }
        try await waitUntilServing(children, timeout: timeout)
    }

    /// Starts or stops replicas, and returns when the new ones serve and the others have ended.
    ///
    /// - Parameter wanted: the numbers of replicas, 1 or more; other services are not changed.
    /// - Returns: the numbers of all services.
    /// - Throws: `not_found` for a service that this stack does not run; `busy` during another change; `timeout` if new replicas do
    ///   not serve, which are then stopped.
    func scale(_ wanted: [String: Int]) async throws -> [String: Int] {
        if let other = wanted.keys.sorted().first(where: { service in !children.contains { $0.service == service } }) {
            throw ServiceError(.notFound, "the stack does not run \(other)")
        }
        guard !isScaling, !isStopping else { throw ServiceError(.busy, "the stack is being scaled or stopped") }
        isScaling = true
        defer { isScaling = false }
        var added: [ServiceChild] = []
        var removed: [ServiceChild] = []
        for (service, count) in wanted {
            let members = children.filter { $0.service == service }
            removed += members.dropFirst(count)
            var numbers = (1...).lazy.map { "\(service)-\($0)" }.filter { name in
                !members.contains { $0.instance == name }
            }
            .makeIterator()
            for _ in 0..<max(count - members.count, 0) {
                if let name = numbers.next() { added.append(makeChild(service, name)) }
            }
        }
        // Before they are started, so that `stop` stops them too.
        children = Self.services.flatMap { service in (children + added).filter { $0.service == service } }
        do {
            for child in added { try await child.start() }
            try await waitUntilServing(added, timeout: .seconds(20))
        } catch {
            await remove(added, within: .seconds(5))
            throw error
        }
        await remove(removed, within: .seconds(35))
        return Dictionary(children.map { ($0.service, 1) }, uniquingKeysWith: +)
    }

    private func remove(_ removed: [ServiceChild], within timeout: Duration) async {
        await Self.stop(removed, by: .now + timeout)
        children.removeAll { child in removed.contains { $0 === child } }
    }

    /// Kills all replicas of a service, like a crash, and does not restart them until `bringUp`.
    func takeDown(_ service: String) async {
        for child in children where child.service == service { await child.takeDown() }
    }

    /// Starts a service again after `takeDown`, and returns when its replicas have published their sockets.
    ///
    /// - Throws: `timeout` that names the children without a socket.
    func bringUp(_ service: String, timeout: Duration = .seconds(20)) async throws {
        let members = children.filter { $0.service == service }
        // The sockets of the killed processes must not be mistaken for new ones.
        for child in members {
            try? FileManager.default.removeItem(
                atPath: runDirectory.socketPath(service: service, instance: child.instance))
        }
        for child in members { await child.bringUp() }
        try await waitUntilServing(members, timeout: timeout)
    }

    /// - Throws: `timeout` that names the children without a socket.
    private func waitUntilServing(_ children: [ServiceChild], timeout: Duration) async throws {
        var missing = children
        let isServing = try await poll(Backoff(every: .milliseconds(10)), within: timeout) {
            missing = children.filter { !runDirectory.instances(of: $0.service).contains($0.instance) }
            return missing.isEmpty
        }
        guard isServing else {
            let names = missing.map(\.instance).joined(separator: ", ")
            throw ServiceError(.timeout, "\(names) did not start to serve in \(runDirectory.path); see the log")
        }
    }

    /// Drains all children, layer by layer, kills those that exceed the timeout, and returns when all have ended. Cancelling the calling
    /// task does not interrupt it.
    func stop(timeout: Duration = .seconds(35)) async {
        isStopping = true
        let children = children
        await Task.detached { await Self.stop(children, by: .now + timeout) }.value
    }

    private static func stop(_ children: [ServiceChild], by deadline: ContinuousClock.Instant) async {
        await withTaskGroup(of: Void.self) { group in
            for layer in layers.reversed() {
                let members = children.filter { layer.contains($0.service) }
                for child in members { group.addTask { await child.stop(by: deadline) } }
                await waitUntilStopped(members, timeout: layerDrainTime)
            }
        }
    }

    /// Returns when all children have ended for good, or after the timeout.
    private static func waitUntilStopped(_ children: [ServiceChild], timeout: Duration) async {
        let (signals, signal) = AsyncStream.makeStream(of: Void.self)
        Task {
            for child in children { await child.waitUntilStopped() }
            signal.yield()
        }
        let timer = Task {
            try? await Task.sleep(for: timeout)
            signal.yield()
        }
        for await _ in signals { break }
        timer.cancel()
    }
}
