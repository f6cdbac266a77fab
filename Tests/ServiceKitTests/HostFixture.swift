// SPDX-License-Identifier: Apache-2.0

import Calls
import FoundationEssentials
import JSONRPC
import Logging
import ServiceLifecycle
import ServicePool
import Synchronization
import TestSupport

@testable import ServiceKit

/// An application that runs in the test's process, in its own run directory.
struct HostFixture {
    struct Echo: Codable, Sendable, Equatable {
        var text: String
    }

    static let echo = Method<Echo, Echo>(
        "fake.echo", idempotent: true, load: .light, summary: "Returns its parameters.")
    static let work = Method<Echo, Echo>(
        "fake.work", idempotent: true, summary: "Returns its parameters and occupies a slot.")

    let group: ServiceGroup
    let directory: RunDirectory

    /// Runs an application, and `body` concurrently; then stops the application.
    ///
    /// - Returns: the error that the application threw, if any.
    @discardableResult
    static func with(
        _ application: ServiceApplication, environment: [String: String] = [:], logLevel: LogLevel = LogLevel(.info),
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: (HostFixture) async throws -> Void
    ) async throws -> (any Error)? {
        let folder = TemporaryPath.new("host")
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
        let run = Task { () -> (any Error)? in
            do {
                try await group.run()
                return nil
            } catch {
                return error
            }
        }
        do {
            try await body(HostFixture(group: group, directory: settings.runDirectory))
        } catch {
            await group.triggerGracefulShutdown()
            _ = await run.value
            throw error
        }
        await group.triggerGracefulShutdown()
        let failure = await run.value
        await host.context.pools.shutDown()
        return failure
    }

    var isPublished: Bool { directory.instances(of: "fake") == ["one"] }

    /// Waits for the socket and connects.
    func connect() async throws -> RPCConnection {
        try await until("the service is published") { isPublished }
        return try await directory.connect(to: "fake", instance: "one", timeout: .seconds(5))
    }
}

/// Records events in order.
final class EventRecorder: Sendable {
    private let list = Mutex<[String]>([])

    var all: [String] { list.withLock { $0 } }
    func record(_ event: String) { list.withLock { $0.append(event) } }

    /// Waits until an event is recorded.
    func wait(for event: String) async throws {
        try await until("the event \(event) is recorded") { all.contains(event) }
    }
}

/// A background service that runs until it is cancelled.
struct RecordingService: Service {
    let name: String
    let events: EventRecorder

    func run() async {
        events.record("\(name) began")
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
        events.record("\(name) ended")
    }
}
