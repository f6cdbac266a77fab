import Calls
import Faults
import FoundationEssentials
import Glibc
import Logging
import Synchronization
import Testing

@testable import JSONRPC
@testable import ServicePool

/// A replica within this process, that breaks off, stops answering, or does what it is told.
private final class FakeReplica: Dispatcher {
    let calls = Mutex<[String]>([])
    private let server = Mutex<RPCServer?>(nil)
    private let isStuck = Atomic(false)
    let running = Atomic(0)
    let most = Atomic(0)

    func listen(_ directory: RunDirectory, _ instance: String) async throws {
        try directory.prepare(service: "fake")
        let path = try directory.socketPath(service: "fake", instance: instance)
        unlink(path)
        let open = try await RPCServer.listen(
            path: path, dispatcher: self, peers: PeerPolicy(), logger: Logger(label: "test"))
        server.withLock { $0 = open }
    }

    func stick() { isStuck.store(true, ordering: .releasing) }

    func close() async { await server.withLock { $0 }?.close() }

    func answer(_ call: Call) async throws(ServiceError) -> Data {
        while isStuck.load(ordering: .acquiring) {
            // Until the caller is gone.
            guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { throw ServiceError(.cancelled, "gone") }
        }
        if call.method == "rpc.health" {
            return Data(
                #"{"service":"fake","instance":"x","status":"serving","version":"1","uptime_s":1,"in_flight":0,"capacity":4}"#
                    .utf8)
        }
        let text = String(decoding: call.rawParams, as: UTF8.self)
        calls.withLock { $0.append(text) }
        let now = running.add(1, ordering: .relaxed).newValue
        most.max(now, ordering: .relaxed)
        defer { running.subtract(1, ordering: .relaxed) }
        if text.contains("poison") {
            try? await Task.sleep(for: .milliseconds(50))
            // As a crash looks: all connections break, and another socket takes the name.
            Task { await self.close() }
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
        let path = "/tmp/us-pool-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(RunDirectory(path: path))
    }

    @Test("a call that breaks two processes is an error that names its file; its neighbours are done")
    func poison() async throws {
        try await with { directory in
            let supervisor = Task {
                var lives: [FakeReplica] = []
                while !Task.isCancelled, lives.count < 20 {
                    let replica = FakeReplica()
                    lives.append(replica)
                    try await replica.listen(directory, "a")
                    while access(try directory.socketPath(service: "fake", instance: "a"), F_OK) == 0,
                        !replica.calls.withLock({ $0.contains { $0.contains("poison") } }), !Task.isCancelled
                    {
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                    while replica.running.load(ordering: .relaxed) > 0 { try? await Task.sleep(for: .milliseconds(5)) }
                }
                return lives
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
            let lives = try await supervisor.value
            let poisoned = lives.filter { $0.calls.withLock { $0.contains { $0.contains("poison") } } }
            #expect(poisoned.count == 2)
            #expect(poisoned.last?.most.load(ordering: .relaxed) == 1)
            await pool.shutDown()
            for life in lives { await life.close() }
        }
    }

    @Test("a replica that stops answering loses its calls to another one")
    func stalled() async throws {
        try await with { directory in
            let (first, second) = (FakeReplica(), FakeReplica())
            try await first.listen(directory, "a")
            let pool = ServicePool(
                service: "fake", directory: directory, logger: Logger(label: "test"), stall: .milliseconds(300))
            _ = try await pool.call(Self.work, Order(name: "x"))
            first.stick()
            let held = Task { try await pool.call(Self.work, Order(name: "y")) }
            try await Task.sleep(for: .milliseconds(50))
            try await second.listen(directory, "b")
            _ = try await held.value
            #expect(second.calls.withLock { $0.count } == 1)
            await pool.shutDown()
            await first.close()
            await second.close()
        }
    }

    @Test("the deadline of the call that starts a pool is not that of the pool")
    func deadline() async throws {
        try await with { directory in
            let pool = ServicePool(service: "fake", directory: directory, logger: Logger(label: "test"))
            await CallContext.$current.withValue(CallContext(deadline: .now + .milliseconds(50))) {
                await #expect(throws: ServiceError.self) { _ = try await pool.call(Self.work, Order(name: "x")) }
            }
            try await Task.sleep(for: .milliseconds(60))
            let replica = FakeReplica()
            try await replica.listen(directory, "a")
            _ = try await pool.call(Self.work, Order(name: "y"))
            await pool.shutDown()
            await replica.close()
        }
    }

    @Test("a call without progress is given up, and made once more")
    func silence() async throws {
        let silent = Method<Order, NoParams>("fake.work", idempotent: true, stall: .milliseconds(200), summary: "")
        try await with { directory in
            let replica = FakeReplica()
            try await replica.listen(directory, "a")
            let pool = ServicePool(
                service: "fake", directory: directory, logger: Logger(label: "test"), stall: .seconds(600))
            _ = try await pool.call(silent, Order(name: "x"))
            replica.stick()
            let error = await #expect(throws: ServiceError.self) { _ = try await pool.call(silent, Order(name: "y")) }
            #expect(error?.kind == .timeout)
            await pool.shutDown()
            await replica.close()
        }
    }

    @Test("a call goes to the service that its method names; one of every service goes where it is told")
    func services() async throws {
        try await with { directory in
            let replica = FakeReplica()
            try await replica.listen(directory, "a")
            let pools = ServicePools(runDirectory: directory, logger: Logger(label: "test"))
            _ = try await pools.call(Self.work.of(ServiceName(rawValue: "fake")), Order(name: "x"))
            #expect(replica.calls.withLock { $0.count } == 1)
            let nobody = await #expect(throws: ServiceError.self) {
                try await pools.call(
                    Self.work.of(ServiceName(rawValue: "other")), Order(name: "x"), patience: .zero)
            }
            #expect(nobody?.kind == .unavailable && nobody?.message.contains("no replica of other") == true)
            let unnamed = await #expect(throws: ServiceError.self) {
                try await pools.call(Self.work, Order(name: "x"))
            }
            #expect(unnamed?.kind == .internal)
            #expect(replica.calls.withLock { $0.count } == 1)
            await pools.shutDown()
            await replica.close()
        }
    }
}
