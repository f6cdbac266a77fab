// SPDX-License-Identifier: Apache-2.0

import Faults
import Glibc
import JSONRPC
import Logging
import ServiceLifecycle
import ServicePool
import Tap
import Untrusted

/// The life cycle of a service's server: listen, prepare, publish, serve, drain.
final class SocketService: Service {
    private let publication: SocketPublication
    private let dispatcher: any Dispatcher
    private let interceptors: [any ServerInterceptor]
    private let callTracker: CallTracker
    private let tap: Tap
    private let systemd: SystemdNotifier
    /// What the service is doing, beside its calls.
    private let status: (@Sendable () async -> String)?
    private let settings: ServiceSettings
    /// The maximum bytes of a request line.
    private let lineLimit: Int
    private let prepare: @Sendable () async throws -> Void
    private let drain: @Sendable () async -> Void
    private let logger: Logger

    init(
        publication: SocketPublication, dispatcher: any Dispatcher, interceptors: [any ServerInterceptor],
        callTracker: CallTracker, tap: Tap, settings: ServiceSettings, status: (@Sendable () async -> String)?,
        lineLimit: Int, prepare: @escaping @Sendable () async throws -> Void,
        drain: @escaping @Sendable () async -> Void, logger: Logger
    ) {
        self.publication = publication
        self.dispatcher = dispatcher
        self.interceptors = interceptors
        self.callTracker = callTracker
        self.tap = tap
        self.status = status
        systemd = SystemdNotifier(environment: settings.environment)
        self.settings = settings
        self.lineLimit = lineLimit
        self.prepare = prepare
        self.drain = drain
        self.logger = logger
    }

    func run() async throws {
        let server = try await RPCServer.listen(
            path: publication.bindPath, dispatcher: dispatcher, interceptors: interceptors,
            peers: PeerPolicy(groups: settings.allowedGroups), lineLimit: lineLimit, observer: tap, logger: logger)
        let isPrepared: Bool
        do {
            isPrepared = try await prepareUnlessStopped()
        } catch {
            await server.close()
            publication.withdraw()
            throw error
        }
        if isPrepared {
            await listenForTapReaders(server)
            callTracker.serve()
            try publication.publish()
            logger.info("serving", metadata: ["socket": "\(publication.path)"])
            await reportToSystemd(server) { try? await gracefulShutdown() }
        }

        // Remove the name first, so that clients use other replicas before this one rejects calls.
        publication.withdraw()
        callTracker.drain()
        logger.info("draining", metadata: ["calls": "\(callTracker.slotsInUse)"])
        systemd.notify(["STOPPING=1", "STATUS=waiting for \(callTracker.slotsInUse) calls to end"])
        await server.stopListening()
        await drain()
        let isDrained = await withTimeout(seconds: settings.drainSeconds) { [callTracker] in
            await callTracker.waitUntilIdle()
        }
        if isDrained {
            // The last call has ended, but its reply may not be sent yet.
            await server.finish()
        } else {
            logger.warning(
                "cancelling calls that did not finish in time", metadata: ["calls": "\(callTracker.slotsInUse)"])
            await server.close()
        }
        publication.withdrawTap()
        await tap.close()
    }

    /// Notifies systemd that the service is ready, then reports its status and feeds the watchdog while `body` runs.
    private func reportToSystemd(_ server: RPCServer, while body: () async -> Void) async {
        guard systemd.isActive else { return await body() }
        let isAlive = systemd.watchdog == nil ? [] : ["WATCHDOG=1"]
        systemd.notify(["READY=1", await statusLine()])
        // trusted: a bounded setting
        let pause = min(systemd.watchdog.map { $0 / 3 } ?? .seconds(5), .seconds(5))
        let reports = Task {
            while !Task.isCancelled {
                await server.waitForEventLoops()
                systemd.notify(isAlive + [await statusLine()])
                try? await Task.sleep(for: pause)
            }
        }
        await body()
        reports.cancel()
    }

    private func statusLine() async -> String {
        let calls = "\(callTracker.slotsInUse) of \(callTracker.capacity) calls in flight"
        let own = await status?()
        return "STATUS=" + [own, calls].compactMap { $0 }.joined(separator: ", ").printable()
    }

    /// Creates the tap's socket. Without it the service serves all the same.
    private func listenForTapReaders(_ server: RPCServer) async {
        do {
            // Root may read everything in any case.
            let readers = PeerPolicy(users: [getuid(), 0], groups: [])
            try await tap.listen(path: publication.tapPath, peers: readers, server: server, logger: logger)
            chmod(publication.tapPath, 0o600)
        } catch {
            logger.warning("cannot create the tap", metadata: ["error": "\(error.message)"])
        }
    }

    /// Runs `prepare`.
    ///
    /// - Returns: `false` if a stop signal arrived first.
    private func prepareUnlessStopped() async throws -> Bool {
        do {
            try await cancelWhenGracefulShutdown { [prepare] in try await prepare() }
            return !Task.isShuttingDownGracefully
        } catch {
            guard Task.isShuttingDownGracefully else { throw error }
            return false
        }
    }

    /// Runs `body` with a time limit; it is abandoned when the limit passes.
    ///
    /// - Returns: whether `body` ended in time.
    private func withTimeout(seconds: Double, _ body: @escaping @Sendable () async -> Void) async -> Bool {
        let (stream, continuation) = AsyncStream.makeStream(of: Bool.self)
        let work = Task {
            await body()
            continuation.yield(true)
        }
        let timer = Task {
            // trusted: a bounded setting
            try? await Task.sleep(for: .seconds(seconds))
            continuation.yield(false)
        }
        defer {
            timer.cancel()
            work.cancel()
        }
        for await isDone in stream { return isDone }
        return false
    }
}
