import JSONRPC
import Logging
import ServiceLifecycle
import ServicePool

/// The server of a service as a part of its life: listen, make ready, publish, serve, drain.
final class SocketService: Service {
    private let publication: SocketPublication
    private let dispatcher: any Dispatcher
    private let interceptors: [any ServerInterceptor]
    private let ledger: CallLedger
    private let settings: ServiceSettings
    /// Bytes that a line may have.
    private let lineLimit: Int
    private let prepare: @Sendable () async throws -> Void
    private let drain: @Sendable () async -> Void
    private let logger: Logger

    init(
        publication: SocketPublication, dispatcher: any Dispatcher, interceptors: [any ServerInterceptor],
        ledger: CallLedger, settings: ServiceSettings,
        lineLimit: Int, prepare: @escaping @Sendable () async throws -> Void,
        drain: @escaping @Sendable () async -> Void, logger: Logger
    ) {
        self.publication = publication
        self.dispatcher = dispatcher
        self.interceptors = interceptors
        self.ledger = ledger
        self.settings = settings
        self.lineLimit = lineLimit
        self.prepare = prepare
        self.drain = drain
        self.logger = logger
    }

    func run() async throws {
        let server = try await RPCServer.listen(
            path: publication.bindPath, dispatcher: dispatcher, interceptors: interceptors,
            peers: PeerPolicy(groups: settings.allowedGroups), lineLimit: lineLimit, logger: logger)
        let isPrepared: Bool
        do {
            isPrepared = try await makeReady()
        } catch {
            await server.close()
            publication.withdraw()
            throw error
        }
        if isPrepared {
            ledger.serve()
            try publication.publish()
            logger.info("serving", metadata: ["socket": "\(publication.path)"])
            try? await gracefulShutdown()
        }

        // The name goes first, so that callers turn to other replicas before this one begins to refuse.
        publication.withdraw()
        ledger.drain()
        logger.info("draining", metadata: ["calls": "\(ledger.slotsInUse)"])
        await server.stopListening()
        await drain()
        let isDrained = await withTimeout(seconds: settings.drainSeconds) { [ledger] in await ledger.idle() }
        if isDrained {
            // The last call is over, but its reply may still be on its way out.
            await server.finish()
        } else {
            logger.warning("calls are cut off", metadata: ["calls": "\(ledger.slotsInUse)"])
            await server.close()
        }
    }

    /// Makes the service ready.
    ///
    /// - Returns: `false` if a stop signal came before it was ready.
    private func makeReady() async throws -> Bool {
        do {
            try await cancelWhenGracefulShutdown { [prepare] in try await prepare() }
            return !Task.isShuttingDownGracefully
        } catch {
            guard Task.isShuttingDownGracefully else { throw error }
            return false
        }
    }

    /// -> whether `body` ended in time; it is left behind otherwise.
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
