// SPDX-License-Identifier: Apache-2.0

package import Calls
import Faults
import FoundationEssentials
import JSON
import JSONRPC
package import Logging
import NIOCore
import NIOPosix

/// A load-balancing client for all replicas of one service.
///
/// It watches the service's folder, holds a connection to each replica and sends each call to the replica with the fewest calls in flight.
/// Calls are queued while all replicas are at capacity. A replica that fails is ejected, and probed before it is used again.
///
/// ```swift
/// let pools = ServicePools(runDirectory: .resolve(), logger: logger)
/// let stats = try await pools.call(ServiceStats.method.of(ServiceName(rawValue: "clipper")), NoParams())
/// for replica in await pools[service: ServiceName(rawValue: "clipper")].replicas { print(replica.instance) }
/// await pools.shutDown()
/// ```
package actor ServicePool {
    /// The service's name.
    package nonisolated let service: String
    let directory: RunDirectory
    let logger: Logger
    var set = ReplicaSet()
    var connections: [String: RPCConnection] = [:]
    /// The identity of the process behind each replica's connection.
    private var processes: [String: String] = [:]
    /// Why the last probe of each replica failed.
    var probeFailures: [String: String] = [:]
    private var poisonCalls = PoisonCallTracker()
    /// The idempotent methods that were called so far.
    var idempotentMethods: Set<String> = []
    /// The replicas whose health is being monitored.
    var monitored: Set<String> = []
    let replicaStallTimeout: Duration
    private let restartTimeout: Duration
    /// The identities of the sockets at the last scan, by instance.
    private var sockets: [String: String] = [:]
    private var waiters: [(id: Int, continuation: CheckedContinuation<Void, Never>)] = []
    private var nextWaiterID = 0
    private var watchTask: Task<Void, Never>?
    private var probeTimer: Task<Void, Never>?
    var isShutDown = false

    /// Creates the pool of a service; it connects on first use.
    ///
    /// - Parameters:
    ///   - replicaStallTimeout: how long a replica with calls in flight may leave `rpc.health` unanswered.
    ///   - restartTimeout: see `ServicePools.restartTimeout`.
    package init(
        service: String, directory: RunDirectory, logger: Logger, replicaStallTimeout: Duration = .seconds(15),
        restartTimeout: Duration = ServicePools.restartTimeout
    ) {
        self.replicaStallTimeout = replicaStallTimeout
        self.restartTimeout = restartTimeout
        self.service = service
        self.directory = directory
        self.logger = logger
    }

    /// Calls a method on any replica.
    ///
    /// - Parameters:
    ///   - replicaTimeout: how long to wait while no replica is available; at least `restartTimeout` for a call that was sent and lost.
    ///   - onSent: called each time the call is sent to a replica, to distinguish queueing from execution.
    ///   - onProgress: as for `RPCConnection.call`.
    /// - Throws: the callee's `ServiceError`; `unavailable` if no replica is available, or if one was lost with a call that is not
    ///   idempotent; an error with the code `replica_broken` for a poison call; `timeout` if the call stalled twice; `CancellationError`.
    func call<P, R>(
        _ method: Method<P, R>, _ params: P, replicaTimeout: Duration = .seconds(10),
        onSent: (@Sendable () -> Void)? = nil, onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> R {
        var excluded: Set<String> = []
        var losses = 0
        if method.isIdempotent { idempotentMethods.insert(method.name) }
        while true {
            let key = poisonCalls.isEmpty ? nil : try callKey(method, params)
            let isSuspect = key.map(poisonCalls.contains) ?? false
            let (name, connection): (String, RPCConnection)
            do {
                (name, connection) = try await acquire(
                    within: losses == 0 ? replicaTimeout : max(replicaTimeout, restartTimeout), excluding: excluded,
                    exclusively: isSuspect)
            } catch var error as ServiceError where losses > 0 && error.kind == .unavailable {
                // Whatever is wrong with the other replicas: this call was lost.
                error.providerCode = ServicePools.replicaLost
                throw error
            }
            let process = processes[name] ?? ""
            do {
                onSent?()
                let result = try await StallTimer.call(connection, method, params, onProgress)
                release(name)
                if let key { poisonCalls.recordCompletion(of: key) }
                return result
            } catch let error as RPCConnection.Lost {
                release(name)
                connectionLost(name, connection)
                losses += 1
                if Task.isCancelled { throw replicaLost(error) }
                if method.isIdempotent, !error.isAbandoned,
                    poisonCalls.recordLoss(
                        of: try callKey(method, params), with: "\(name) \(process)", at: now,
                        maximum: PoisonCallTracker.maximumLosses(decodesMedia: method.media != nil))
                {
                    throw poisonCall(method, params, last: name)
                }
                guard method.isIdempotent, losses < 4 else { throw replicaLost(error) }
                logger.info("retrying a lost call", metadata: ["method": "\(method.name)", "lost": "\(name)"])
            } catch is StallTimer.Stalled {
                release(name)
                losses += 1
                guard method.isIdempotent, losses < 2 else {
                    let seconds = (method.stallTimeout ?? .zero).milliseconds / 1000
                    throw ServiceError(.timeout, "\(method.name) made no progress for \(seconds) s")
                }
                excluded.insert(name)
                if excluded.isSuperset(of: set.replicas.keys) { excluded = [] }
                logger.warning("a call stalled", metadata: ["method": "\(method.name)", "instance": "\(name)"])
            } catch let error as ServiceError where error.kind == .busy {
                release(name)
                set.recordBusy(name, at: now)
                excluded.insert(name)
                // Every replica has rejected the call: wait until any of them has capacity.
                if excluded.isSuperset(of: set.replicas.keys) { excluded = [] }
                scheduleProbes()
            } catch {
                release(name)
                throw error
            }
        }
    }

    /// Sends a notification to one replica. Delivery is not confirmed.
    package func notify<P, R>(_ method: Method<P, R>, _ params: P, replicaTimeout: Duration = .zero) async {
        guard let body = try? JSONCoding.encode(params),
            let (name, connection) = try? await acquire(within: replicaTimeout, excluding: [], exclusively: false)
        else { return }
        connection.notify(method.name, params: body)
        release(name)
    }

    /// The state of all replicas, sorted by name.
    package var replicas: [ReplicaStatus] {
        start()
        return set.replicas.sorted { $0.key < $1.key }.map { name, replica in
            ReplicaStatus(
                instance: name, health: replica.health, inFlight: replica.inFlight, capacity: replica.capacity)
        }
    }

    /// Whether a replica is currently published.
    package nonisolated var isPublished: Bool { !directory.instances(of: service).isEmpty }

    /// Closes all connections and fails waiting calls.
    package func shutDown() async {
        isShutDown = true
        watchTask?.cancel()
        probeTimer?.cancel()
        wakeAll()
        for connection in connections.values { await connection.close() }
        connections = [:]
    }

    // MARK: - Selecting a replica

    private func acquire(
        within timeout: Duration, excluding: Set<String>, exclusively: Bool
    ) async throws -> (String, RPCConnection) {
        start()
        if exclusively {
            set.beginExclusiveWait()
            wakeAll()
        }
        defer {
            if exclusively {
                set.endExclusiveWait()
                wakeAll()
            }
        }
        let end = ContinuousClock.now + timeout
        while true {
            try Task.checkCancellation()
            if isShutDown { throw ServiceError(.cancelled, "this service is stopping") }
            if let deadline = CallContext.deadline, deadline <= .now {
                throw ServiceError(.timeout, "the deadline passed while waiting for a replica of \(service)")
            }
            if let name = set.acquire(at: now, excluding: excluding, exclusively: exclusively) {
                if let connection = connections[name], connection.isOpen {
                    monitorHealth(of: name)
                    return (name, connection)
                }
                release(name)
                connectionLost(name, connections[name])
                continue
            }
            // While replicas are up but at capacity, the call is queued until its deadline.
            let isFull = set.replicas.values.contains { $0.health == .up }
            if !isFull, ContinuousClock.now >= end { throw noReplica }
            await wait(until: isFull ? CallContext.deadline : [end, CallContext.deadline].compactMap { $0 }.min())
        }
    }

    private var noReplica: ServiceError {
        let folder = directory.folder(of: service)
        if set.replicas.isEmpty {
            return ServiceError(
                .unavailable,
                "no replica of \(service) in \(folder): start \(service) with UNDERSTUDY_RUN_DIR=\(directory.path)",
                providerCode: ServicePools.noReplica)
        }
        let names = set.replicas.keys.sorted().map { name in
            probeFailures[name].map { "\(name): \($0)" } ?? name
        }.joined(separator: ", ")
        return ServiceError(
            .unavailable, "no replica of \(service) in \(folder) answers (\(names))",
            providerCode: ServicePools.replicaUnreachable)
    }

    private func callKey<P: Encodable>(_ method: Method<P, some Any>, _ params: P) throws -> PoisonCallTracker.Key {
        PoisonCallTracker.Key(method: method.name, params: try JSONCoding.encode(params))
    }

    /// The error of a call whose reply was lost with its replica.
    private func replicaLost(_ error: RPCConnection.Lost) -> ServiceError {
        var failure = error.serviceError
        failure.providerCode = ServicePools.replicaLost
        return failure
    }

    /// The error of a call that crashes the replicas that take it.
    private func poisonCall<P>(_ method: Method<P, some Any>, _ params: P, last: String) -> ServiceError {
        logger.error("a call crashed several replicas", metadata: ["method": "\(method.name)", "last": "\(last)"])
        let code = ServicePools.replicaBroken
        guard let media = method.media?(params) else {
            let losses = PoisonCallTracker.maximumLosses(decodesMedia: false)
            let message =
                "\(losses) replicas of \(service) exited during \(method.name): the call is not retried"
            return ServiceError(.internal, message, providerCode: code)
        }
        let message = "two processes of \(service) crashed while processing \(media) (\(method.name))"
        return ServiceError(.corruptMedia, message, providerCode: code)
    }

    private func release(_ name: String) {
        set.release(name)
        wakeAll()
    }

    private func connectionLost(_ name: String, _ connection: RPCConnection?) {
        guard connections[name] === connection else { return }
        connections[name] = nil
        if set.recordFailure(name, at: now) != nil {
            logger.warning("replica lost", metadata: ["service": "\(service)", "instance": "\(name)"])
        }
        scheduleProbes()
    }

    // MARK: - Waiting

    /// Waits for a change of the pool, until a time, or until the task is cancelled.
    private func wait(until end: ContinuousClock.Instant?) async {
        let id = nextWaiterID
        nextWaiterID += 1
        let timer = end.map { end in
            Task {
                try? await Task.sleep(until: end, clock: .continuous)
                wake(id)
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume()
                } else {
                    waiters.append((id, continuation))
                }
            }
        } onCancel: {
            Task { await self.wake(id) }
        }
        timer?.cancel()
    }

    private func wake(_ id: Int) {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
        waiters.remove(at: index).continuation.resume()
    }

    func wakeAll() {
        let all = waiters
        waiters = []
        for waiter in all { waiter.continuation.resume() }
    }

    // MARK: - Discovery and probes

    private func start() {
        guard watchTask == nil, !isShutDown else { return }
        let changes = DirectoryWatcher(folder: directory.folder(of: service)).changes()
        // Detached, like the timer and the probes: they outlive the call that happens to start them, and its deadline.
        watchTask = Task.detached { [weak self] in
            for await _ in changes {
                guard let self else { return }
                await self.rescan()
            }
        }
        rescan()
    }

    private func rescan() {
        guard !isShutDown else { return }
        let found = directory.socketIdentities(of: service)
        let (added, removed) = set.update(published: Set(found.keys))
        // A new process under the same name is used without the backoff of its predecessor.
        let replaced = found.filter { name, socket in sockets[name].map { $0 != socket } ?? false }.map(\.key)
        sockets = found
        for name in replaced {
            connections.removeValue(forKey: name)?.closeWhenIdle()
            set.reset(name)
        }
        for name in Set(added + replaced) { probe(name) }
        // Calls in flight on a draining replica continue; new calls go to others.
        for name in removed { connections.removeValue(forKey: name)?.closeWhenIdle() }
        if !added.isEmpty || !removed.isEmpty { wakeAll() }
        probeDue()
    }

    private func probeDue() {
        for name in set.takeDueProbes(at: now) { probe(name) }
        scheduleProbes()
        wakeAll()
    }

    func scheduleProbes() {
        probeTimer?.cancel()
        guard let time = set.nextWakeup(after: now), !isShutDown else { return }
        let pause = max(time - now, 1_000_000)
        probeTimer = Task.detached { [weak self] in
            // trusted: whole nanoseconds of a replica's own schedule
            guard (try? await Task.sleep(for: .nanoseconds(pause))) != nil else { return }
            await self?.probeDue()
        }
    }

    private func probe(_ name: String) {
        Task.detached { [weak self] in await self?.connectAndProbe(name) }
    }

    /// Connects to a replica.
    ///
    /// - Returns: the connection and the identity of its process, by which lost calls are counted.
    private func connect(to name: String) async throws -> (RPCConnection, process: String?) {
        while true {
            let process = directory.socketIdentity(of: service, instance: name)
            let connection = try await directory.connect(
                to: service, instance: name, interceptors: [OutgoingCallLog(service: service, logger: logger)])
            if directory.socketIdentity(of: service, instance: name) == process { return (connection, process) }
            // The process was replaced meanwhile; the connection may be to either one.
            await connection.close()
        }
    }

    private func connectAndProbe(_ name: String) async {
        var connection: RPCConnection?
        do {
            let (new, process) = try await connect(to: name)
            connection = new
            let health = try await new.call(ServiceHealth.method, NoParams(), timeout: .seconds(5))
            guard health.status != .draining, set.replicas[name] != nil, !isShutDown else { return await new.close() }
            connections[name] = new
            processes[name] = process
            probeFailures[name] = nil
            set.recordHealthy(name, capacity: max(health.capacity, 1))
            new.closeFuture.whenComplete { [weak self] _ in
                guard let self else { return }
                Task.detached { await self.connectionLost(name, new) }
            }
            wakeAll()
        } catch {
            await connection?.close()
            let reason = ServiceError(wrapping: error).message
            logger.debug(
                "probe failed", metadata: ["service": "\(service)", "instance": "\(name)", "error": "\(reason)"])
            probeFailures[name] = reason
            _ = set.recordFailure(name, at: now)
            scheduleProbes()
        }
    }

    var now: Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }
}
