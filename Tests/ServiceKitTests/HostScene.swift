import Calls
import FoundationEssentials
import JSONRPC
import Logging
import ServiceLifecycle
import ServicePool
import Synchronization

@testable import ServiceKit

/// An application in this process, in a run directory of its own.
struct HostScene {
    struct Echo: Codable, Sendable, Equatable {
        var text: String
    }

    static let echo = Method<Echo, Echo>(
        "fake.echo", idempotent: true, load: .light, summary: "Returns its parameters.")
    static let work = Method<Echo, Echo>(
        "fake.work", idempotent: true, summary: "Returns its parameters after a while.")

    let group: ServiceGroup
    let directory: RunDirectory

    /// Runs `body` beside the application, and stops it.
    ///
    /// - Returns: what the application threw.
    @discardableResult
    static func with(
        _ application: ServiceApplication, environment: [String: String] = [:], logLevel: LogLevel = LogLevel(.info),
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: (HostScene) async throws -> Void
    ) async throws -> (any Error)? {
        let folder = "/tmp/us-host-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let settings = try ServiceSettings(
            environment: [
                "UNDERSTUDY_RUN_DIR": "\(folder)/run", "UNDERSTUDY_STATE_DIR": "\(folder)/state",
                "UNDERSTUDY_STORE": "file://\(folder)", "UNDERSTUDY_INSTANCE": "one",
            ].merging(environment) { _, own in own })
        let host = try ServiceHost(
            ServiceDescription("fake", about: "A service of a test.", capacity: 1), settings: settings,
            logLevel: logLevel, logger: logger)
        let group = try host.group(of: application, signals: [])
        let life = Task { () -> (any Error)? in
            do {
                try await group.run()
                return nil
            } catch {
                return error
            }
        }
        do {
            try await body(HostScene(group: group, directory: settings.runDirectory))
        } catch {
            await group.triggerGracefulShutdown()
            _ = await life.value
            throw error
        }
        await group.triggerGracefulShutdown()
        let failure = await life.value
        await host.context.pools.shutDown()
        return failure
    }

    var isPublished: Bool { directory.instances(of: "fake") == ["one"] }

    /// Waits for the socket.
    func connect() async throws -> RPCConnection {
        while !isPublished { try await Task.sleep(for: .milliseconds(2)) }
        return try await directory.connect(to: "fake", instance: "one", patience: .seconds(5))
    }
}

/// What happened, in its order.
final class Happenings: Sendable {
    private let list = Mutex<[String]>([])

    var all: [String] { list.withLock { $0 } }
    func note(_ what: String) { list.withLock { $0.append(what) } }

    func wait(for what: String) async throws {
        while !all.contains(what) { try await Task.sleep(for: .milliseconds(2)) }
    }
}

/// A part of a service that runs until it is cancelled.
struct NotingService: Service {
    let name: String
    let happenings: Happenings

    func run() async {
        happenings.note("\(name) began")
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
        happenings.note("\(name) ended")
    }
}
