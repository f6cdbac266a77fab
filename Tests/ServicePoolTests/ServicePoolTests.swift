// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import FoundationEssentials
import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@testable import JSONRPC
@testable import ServicePool

/// A replica in this process that can crash or stop responding.
private final class FakeReplica: Dispatcher {
    let calls = Mutex<[String]>([])
    private let server = Mutex<RPCServer?>(nil)
    private let isStalled = Atomic(false)
    /// The number of calls in progress.
    let running = Atomic(0)
    /// The largest number of concurrent calls.
    let maximumRunning = Atomic(0)

    func listen(_ directory: RunDirectory, _ instance: String) async throws {
        try directory.prepare(service: "fake")
        let path = try directory.socketPath(service: "fake", instance: instance)
        unlink(path)
        let listening = try await RPCServer.listen(
            path: path, dispatcher: self, peers: PeerPolicy(), logger: Logger(label: "test"))
        server.withLock { $0 = listening }
    }

    /// Makes the replica stop responding.
    func stall() { isStalled.store(true, ordering: .releasing) }

    func close() async { await server.withLock { $0 }?.close() }

    /// Returns never: a call ends when its connection does.
    private func waitForDisconnection() async throws(ServiceError) {
        while (try? await Task.sleep(for: .milliseconds(20))) != nil {}
        throw ServiceError(.cancelled, "cancelled")
    }

    func answer(_ call: Call) async throws(ServiceError) -> Data {
        if isStalled.load(ordering: .acquiring) { try await waitForDisconnection() }
        if call.method == "rpc.health" {
            return Data(
                #"{"service":"fake","instance":"x","status":"serving","version":"1","uptime_s":1,"in_flight":0,"capacity":4}"#
                    .utf8)
        }
        let text = String(decoding: call.rawParams, as: UTF8.self)
        calls.withLock { $0.append(text) }
        let now = running.add(1, ordering: .relaxed).newValue
        maximumRunning.max(now, ordering: .relaxed)
        defer { running.subtract(1, ordering: .relaxed) }
        if text.contains("poison") {
            try? await Task.sleep(for: .milliseconds(50))
            // Simulates a crash: all connections are lost, and another socket takes the name.
            Task { await self.close() }
            try await waitForDisconnection()
        }
        try? await Task.sleep(for: .milliseconds(20))
        return Data(#"{}"#.utf8)
    }
}

private struct Order: Codable, Sendable {
    var name: String
}

@Suite(.serialized, .timeLimit(.minutes(1))) struct ServicePoolTests {
    private static let work = Method<Order, NoParams>(
        "fake.work", idempotent: true, media: { "file:///\($0.name)" }, summary: "")

    private func with(_ body: (RunDirectory) async throws -> Void) async throws {
        let path = TemporaryPath.new("pool")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(RunDirectory(path: path))
    }

    /// Starts a call to a replica, and ends the replica once the call is sent.
    private func losingCall(
        _ pool: ServicePool, _ replica: FakeReplica, _ instance: String, _ directory: RunDirectory
    ) async throws -> Task<NoParams, any Error> {
        replica.stall()
        let (sent, input) = AsyncStream.makeStream(of: Void.self)
        let call = Task {
            try await pool.call(
                Self.work, Order(name: "y"), replicaTimeout: .milliseconds(20), onSent: { input.yield() })
        }
        for await _ in sent { break }
        unlink(try directory.socketPath(service: "fake", instance: instance))
        await replica.close()
        return call
    }

    @Test
    func `a call that crashes two processes fails and names its file; other calls complete`() async throws {
        try await with { directory in
            let supervisor = Task {
                var replicas: [FakeReplica] = []
                while !Task.isCancelled, replicas.count < 20 {
                    let replica = FakeReplica()
                    replicas.append(replica)
                    try await replica.listen(directory, "a")
                    while access(try directory.socketPath(service: "fake", instance: "a"), F_OK) == 0,
                        !replica.calls.withLock({ $0.contains { $0.contains("poison") } }), !Task.isCancelled
                    {
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                    while replica.running.load(ordering: .relaxed) > 0, !Task.isCancelled {
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                }
                return replicas
            }
            let pool = ServicePool(service: "fake", directory: directory, logger: Logger(label: "test"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<12 {
                    group.addTask { _ = try await pool.call(Self.work, Order(name: "good\(number)")) }
                }
                group.addTask {
                    let error = await #expect(throws: ServiceError.self) {
                        _ = try await pool.call(Self.work, Order(name: "poison"))
                    }
                    #expect(
                        error?.kind == .corruptMedia && error?.providerCode == "replica_broken",
                        "\(error?.message ?? "")")
                    #expect(error?.message.contains("file:///poison") == true)
                }
                try await group.waitForAll()
            }
            supervisor.cancel()
            let replicas = try await supervisor.value
            let poisoned = replicas.filter { $0.calls.withLock { $0.contains { $0.contains("poison") } } }
            #expect(poisoned.count == 2)
            #expect(poisoned.last?.maximumRunning.load(ordering: .relaxed) == 1)
            await pool.shutDown()
            for replica in replicas { await replica.close() }
        }
    }

    @Test
    func `the calls of a replica that stops responding are retried with another one`() async throws {
        try await with { directory in
            let (first, second) = (FakeReplica(), FakeReplica())
            try await first.listen(directory, "a")
            let pool = ServicePool(
                service: "fake", directory: directory, logger: Logger(label: "test"),
                replicaStallTimeout: .milliseconds(300))
            _ = try await pool.call(Self.work, Order(name: "x"))
            first.stall()
            let (sent, input) = AsyncStream.makeStream(of: Void.self)
            let stalled = Task { try await pool.call(Self.work, Order(name: "y"), onSent: { input.yield() }) }
            for await _ in sent { break }
            try await second.listen(directory, "b")
            _ = try await stalled.value
            #expect(second.calls.withLock { $0.count } == 1)
            await pool.shutDown()
            await first.close()
            await second.close()
        }
    }

    @Test
    func `a call that was lost waits for the next process, longer than for a first one`() async throws {
        try await with { directory in
            let (first, second) = (FakeReplica(), FakeReplica())
            let pool = ServicePool(service: "fake", directory: directory, logger: Logger(label: "test"))
            let unavailable = await #expect(throws: ServiceError.self) {
                _ = try await pool.call(Self.work, Order(name: "w"), replicaTimeout: .milliseconds(20))
            }
            #expect(unavailable?.kind == .unavailable)
            try await first.listen(directory, "a")
            _ = try await pool.call(Self.work, Order(name: "x"))
            let lost = try await losingCall(pool, first, "a", directory)
            // Far longer than the time for a first replica: the call must not give up meanwhile.
            try await Task.sleep(for: .milliseconds(300))
            try await second.listen(directory, "b")
            _ = try await lost.value
            #expect(second.calls.withLock { $0.count { $0.contains(#""name":"y""#) } } == 1)
            await pool.shutDown()
            await second.close()
        }
    }

    @Test
    func `a call that was lost is reported as lost, even if no replica runs any more`() async throws {
        try await with { directory in
            let replica = FakeReplica()
            let pool = ServicePool(
                service: "fake", directory: directory, logger: Logger(label: "test"),
                restartTimeout: .milliseconds(20))
            let absent = await #expect(throws: ServiceError.self) {
                _ = try await pool.call(Self.work, Order(name: "w"), replicaTimeout: .milliseconds(20))
            }
            #expect(absent?.cause == .noReplica)
            try await replica.listen(directory, "a")
            _ = try await pool.call(Self.work, Order(name: "x"))
            let call = try await losingCall(pool, replica, "a", directory)
            let lost = await #expect(throws: ServiceError.self) { _ = try await call.value }
            #expect(lost?.kind == .unavailable && lost?.cause == .replicaLost)
            #expect(ServicePools.restartTimeout == .seconds(30), "as services/orchestrator/README.md says")
            await pool.shutDown()
        }
    }

    @Test
    func `a pool outlives the deadline of the call that starts it`() async throws {
        try await with { directory in
            let pool = ServicePool(service: "fake", directory: directory, logger: Logger(label: "test"))
            await CallContext.$current.withValue(CallContext(deadline: .now + .milliseconds(50))) {
                await #expect(throws: ServiceError.self) { _ = try await pool.call(Self.work, Order(name: "x")) }
            }
            let replica = FakeReplica()
            try await replica.listen(directory, "a")
            _ = try await pool.call(Self.work, Order(name: "y"))
            await pool.shutDown()
            await replica.close()
        }
    }

    @Test
    func `a call without progress is cancelled and retried once`() async throws {
        let silent = Method<Order, NoParams>(
            "fake.work", idempotent: true, stallTimeout: .milliseconds(200), summary: "")
        try await with { directory in
            let replica = FakeReplica()
            try await replica.listen(directory, "a")
            let pool = ServicePool(
                service: "fake", directory: directory, logger: Logger(label: "test"),
                replicaStallTimeout: .seconds(600))
            _ = try await pool.call(silent, Order(name: "x"))
            replica.stall()
            let error = await #expect(throws: ServiceError.self) { _ = try await pool.call(silent, Order(name: "y")) }
            #expect(error?.kind == .timeout)
            await pool.shutDown()
            await replica.close()
        }
    }

    @Test
    func `a call goes to the service of its method; a method without a service is an error`() async throws {
        try await with { directory in
            let replica = FakeReplica()
            try await replica.listen(directory, "a")
            let pools = ServicePools(runDirectory: directory, logger: Logger(label: "test"))
            _ = try await pools.call(Self.work.of(ServiceName(rawValue: "fake")), Order(name: "x"))
            #expect(replica.calls.withLock { $0.count } == 1)
            let unavailable = await #expect(throws: ServiceError.self) {
                try await pools.call(
                    Self.work.of(ServiceName(rawValue: "other")), Order(name: "x"), replicaTimeout: .zero)
            }
            #expect(unavailable?.kind == .unavailable && unavailable?.message.contains("no replica of other") == true)
            let withoutService = await #expect(throws: ServiceError.self) {
                try await pools.call(Self.work, Order(name: "x"))
            }
            #expect(withoutService?.kind == .internal)
            #expect(replica.calls.withLock { $0.count } == 1)
            await pools.shutDown()
            await replica.close()
        }
    }
}
