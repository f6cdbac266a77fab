package import Calls
import Faults
import FoundationEssentials
import JSON
import JSONRPC
package import Logging
import NIOCore
import NIOPosix

/// All replicas of one service, as one callee.
///
/// Watches the service's folder, keeps a connection to each replica, sends each call to the replica with the fewest calls in
/// flight, queues calls while all are at capacity, ejects a replica that fails and probes it before it is used again.
package actor ServicePool {
    package nonisolated let service: String
    let directory: RunDirectory
    let logger: Logger
    var set = ReplicaSet()
    var connections: [String: RPCConnection] = [:]
    /// What is another one for each process that served a name.
    private var processes: [String: String] = [:]
    /// Why the last probe of a replica failed.
    var reasons: [String: String] = [:]
    private var suspects = Suspects()
    /// Methods whose calls may be made again elsewhere.
    var idempotent: Set<String> = []
    var heartbeats: Set<String> = []
    let stall: Duration
    /// The sockets as they were seen last.
    private var sockets: [String: String] = [:]
    private var waiting: [(id: Int, continuation: CheckedContinuation<Void, Never>)] = []
    private var nextWaiter = 0
    private var watch: Task<Void, Never>?
    private var alarm: Task<Void, Never>?
    var isShutDown = false

    /// - Parameter stall: how long a replica with calls in flight may go without answering `rpc.health`.
    package init(service: String, directory: RunDirectory, logger: Logger, stall: Duration = .seconds(15)) {
        self.stall = stall
        self.service = service
        self.directory = directory
        self.logger = logger
    }

    /// Calls a method on any replica.
    ///
    /// - Parameters:
    ///   - patience: how long to wait for a first replica to appear, or to come back.
    ///   - onSent: called each time the call leaves for a replica, so that its waiting can be told from its running.
    ///   - onProgress: as for `RPCConnection.call`.
    /// - Throws: the callee's `ServiceError`; `unavailable` without a replica, or if one was lost with a call that may not be repeated;
    ///   `replica_broken` (`Suspects.deaths`); `timeout` for one that stalled twice; `CancellationError`.
    func call<P, R>(
        _ method: Method<P, R>, _ params: P, patience: Duration = .seconds(10),
        onSent: (@Sendable () -> Void)? = nil, onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> R {
        var refusals: Set<String> = []
        var losses = 0
        if method.idempotent { idempotent.insert(method.name) }
        while true {
            let suspect = suspects.isEmpty ? nil : try key(method, params)
            let isSuspect = suspect.map(suspects.contains) ?? false
            let (name, connection) = try await acquire(patience: patience, excluding: refusals, alone: isSuspect)
            let process = processes[name] ?? ""
            do {
                onSent?()
                let result = try await StallWatch.call(connection, method, params, onProgress)
                release(name)
                if let suspect { suspects.cleared(suspect) }
                return result
            } catch let error as RPCConnection.Lost {
                release(name)
                lost(name, connection)
                losses += 1
                if Task.isCancelled { throw unsettled(error) }
                if method.idempotent, !error.isAbandoned,
                    suspects.lost(
                        try key(method, params), with: "\(name) \(process)", at: now,
                        maximum: Suspects.deaths(decodesMedia: method.media != nil))
                {
                    throw broken(method, params, last: name)
                }
                guard method.idempotent, losses < 4 else { throw unsettled(error) }
                logger.info("a call is sent again", metadata: ["method": "\(method.name)", "lost": "\(name)"])
            } catch is StallWatch.Stalled {
                release(name)
                losses += 1
                guard method.idempotent, losses < 2 else {
                    let seconds = (method.stall ?? .zero).milliseconds / 1000
                    throw ServiceError(.timeout, "\(method.name) made no progress for \(seconds) s")
                }
                refusals.insert(name)
                if refusals.isSuperset(of: set.replicas.keys) { refusals = [] }
                logger.warning("a call stalled", metadata: ["method": "\(method.name)", "instance": "\(name)"])
            } catch let error as ServiceError where error.kind == .busy {
                release(name)
                set.busy(name, at: now)
                refusals.insert(name)
                // When every replica refused there is nobody left to prefer: wait for room anywhere.
                if refusals.isSuperset(of: set.replicas.keys) { refusals = [] }
                setAlarm()
            } catch {
                release(name)
                throw error
            }
        }
    }

    /// Sends a notification to any one replica; delivery is not confirmed.
    package func notify<P, R>(_ method: Method<P, R>, _ params: P, patience: Duration = .zero) async {
        guard let body = try? JSONCoding.encode(params),
            let (name, connection) = try? await acquire(patience: patience, excluding: [], alone: false)
        else { return }
        connection.notify(method.name, params: body)
        release(name)
    }

    package var replicas: [ReplicaStatus] {
        start()
        return set.replicas.sorted { $0.key < $1.key }.map { name, replica in
            ReplicaStatus(
                instance: name, health: replica.health, inFlight: replica.inFlight, capacity: replica.capacity)
        }
    }

    /// Whether a replica is published at this moment.
    package nonisolated var isPublished: Bool { !directory.instances(of: service).isEmpty }

    package func shutDown() async {
        isShutDown = true
        watch?.cancel()
        alarm?.cancel()
        wakeAll()
        for connection in connections.values { await connection.close() }
        connections = [:]
    }

    // MARK: - Choosing

    private func acquire(
        patience: Duration, excluding: Set<String>, alone: Bool
    ) async throws -> (String, RPCConnection) {
        start()
        if alone {
            set.wait(alone: true)
            wakeAll()
        }
        defer {
            if alone {
                set.wait(alone: false)
                wakeAll()
            }
        }
        let giveUp = ContinuousClock.now + patience
        while true {
            try Task.checkCancellation()
            if isShutDown { throw ServiceError(.cancelled, "this service is stopping") }
            if let deadline = CallContext.deadline, deadline <= .now {
                throw ServiceError(.timeout, "the deadline passed while waiting for a replica of \(service)")
            }
            if let name = set.acquire(at: now, excluding: excluding, alone: alone) {
                if let connection = connections[name], connection.isOpen {
                    watchOver(name)
                    return (name, connection)
                }
                release(name)
                lost(name, connections[name])
                continue
            }
            // With replicas that are up but full the call queues for as long as its caller likes.
            let isFull = set.replicas.values.contains { $0.health == .up }
            if !isFull, ContinuousClock.now >= giveUp { throw nobody }
            await wait(until: isFull ? CallContext.deadline : [giveUp, CallContext.deadline].compactMap { $0 }.min())
        }
    }

    private var nobody: ServiceError {
        let folder = directory.folder(of: service)
        if set.replicas.isEmpty {
            return ServiceError(
                .unavailable, "no replica of \(service) in \(folder): start it with the same UNDERSTUDY_RUN_DIR")
        }
        let names = set.replicas.keys.sorted().map { name in
            reasons[name].map { "\(name): \($0)" } ?? name
        }.joined(separator: ", ")
        return ServiceError(
            .unavailable, "no replica of \(service) in \(folder) answers (\(names))",
            providerCode: ServicePools.replicaLost)
    }

    private func key<P: Encodable>(_ method: Method<P, some Any>, _ params: P) throws -> Suspects.Key {
        Suspects.Key(method: method.name, params: try JSONCoding.encode(params))
    }

    /// A call whose reply was lost with its replica.
    private func unsettled(_ error: RPCConnection.Lost) -> ServiceError {
        var failure = error.serviceError
        failure.providerCode = ServicePools.replicaLost
        return failure
    }

    /// A call that breaks whoever takes it.
    private func broken<P>(_ method: Method<P, some Any>, _ params: P, last: String) -> ServiceError {
        logger.error("a call broke two replicas", metadata: ["method": "\(method.name)", "last": "\(last)"])
        let code = ServicePools.replicaBroken
        guard let media = method.media?(params) else {
            let message =
                "\(method.name) was lost with \(Suspects.deaths(decodesMedia: false)) processes of \(service): it is not made again"
            return ServiceError(.internal, message, providerCode: code)
        }
        let message = "two processes of \(service) broke while they worked on \(media) (\(method.name))"
        return ServiceError(.corruptMedia, message, providerCode: code)
    }

    private func release(_ name: String) {
        set.release(name)
        wakeAll()
    }

    private func lost(_ name: String, _ connection: RPCConnection?) {
        guard connections[name] === connection else { return }
        connections[name] = nil
        if set.failed(name, at: now) != nil {
            logger.warning("replica lost", metadata: ["service": "\(service)", "instance": "\(name)"])
        }
        setAlarm()
    }

    // MARK: - Waiting

    /// Returns when something changed, at the moment, or when the task is cancelled.
    private func wait(until moment: ContinuousClock.Instant?) async {
        let id = nextWaiter
        nextWaiter += 1
        let timer = moment.map { moment in
            Task {
                try? await Task.sleep(until: moment, clock: .continuous)
                wake(id)
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume()
                } else {
                    waiting.append((id, continuation))
                }
            }
        } onCancel: {
            Task { await self.wake(id) }
        }
        timer?.cancel()
    }

    private func wake(_ id: Int) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).continuation.resume()
    }

    func wakeAll() {
        let all = waiting
        waiting = []
        for waiter in all { waiter.continuation.resume() }
    }

    // MARK: - Watching

    private func start() {
        guard watch == nil, !isShutDown else { return }
        let changes = DirectoryWatch(folder: directory.folder(of: service)).changes()
        // Detached, like the alarm and the probes: they outlive the call that happens to start them, and its deadline.
        watch = Task.detached { [weak self] in
            for await _ in changes {
                guard let self else { return }
                await self.rescan()
            }
        }
        rescan()
    }

    private func rescan() {
        guard !isShutDown else { return }
        let found = directory.sockets(of: service)
        let (added, removed) = set.update(published: Set(found.keys))
        // A process that was started anew does not wait for what the one before it did.
        let renewed = found.filter { name, socket in sockets[name].map { $0 != socket } ?? false }.map(\.key)
        sockets = found
        for name in renewed {
            connections.removeValue(forKey: name)?.closeWhenIdle()
            set.renew(name)
        }
        for name in Set(added + renewed) { probe(name) }
        // Calls that run on a replica that drains go on; only new ones go elsewhere.
        for name in removed { connections.removeValue(forKey: name)?.closeWhenIdle() }
        if !added.isEmpty || !removed.isEmpty { wakeAll() }
        probeDue()
    }

    private func probeDue() {
        for name in set.dueProbes(at: now) { probe(name) }
        setAlarm()
        wakeAll()
    }

    func setAlarm() {
        alarm?.cancel()
        guard let moment = set.nextMoment(after: now), !isShutDown else { return }
        let pause = max(moment - now, 1_000_000)
        alarm = Task.detached { [weak self] in
            // trusted: whole nanoseconds of a replica's own schedule
            guard (try? await Task.sleep(for: .nanoseconds(pause))) != nil else { return }
            await self?.probeDue()
        }
    }

    private func probe(_ name: String) {
        Task.detached { [weak self] in await self?.ask(name) }
    }

    /// Connects to a replica.
    ///
    /// - Returns: the connection, and what identifies the process that has it: calls that are lost are counted by process.
    private func connected(_ name: String) async throws -> (RPCConnection, process: String?) {
        while true {
            let process = directory.socket(of: service, instance: name)
            let connection = try await directory.connect(
                to: service, instance: name, interceptors: [OutgoingCallLog(service: service, logger: logger)])
            if directory.socket(of: service, instance: name) == process { return (connection, process) }
            // The process was replaced meanwhile, and either one may have been connected to.
            await connection.close()
        }
    }

    private func ask(_ name: String) async {
        var connection: RPCConnection?
        do {
            let (new, process) = try await connected(name)
            connection = new
            let health = try await new.call(ServiceHealth.method, NoParams(), timeout: .seconds(5))
            guard health.status != .draining, set.replicas[name] != nil, !isShutDown else { return await new.close() }
            connections[name] = new
            processes[name] = process
            reasons[name] = nil
            set.healthy(name, capacity: max(health.capacity, 1))
            new.closed.whenComplete { [weak self] _ in
                guard let self else { return }
                Task.detached { await self.lost(name, new) }
            }
            wakeAll()
        } catch {
            await connection?.close()
            let reason = ServiceError(wrapping: error).message
            logger.debug(
                "probe failed", metadata: ["service": "\(service)", "instance": "\(name)", "error": "\(reason)"])
            reasons[name] = reason
            _ = set.failed(name, at: now)
            setAlarm()
        }
    }

    var now: Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }
}
