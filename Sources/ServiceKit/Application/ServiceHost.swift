// SPDX-License-Identifier: Apache-2.0

import Blocking
import Glibc
import Logging
import ServiceLifecycle
import ServicePool
import Tap
import UnixSignals

/// Runs an application in this process: reserves its name, serves its socket and shuts its parts down in order.
struct ServiceHost: Sendable {
    let context: ServiceContext
    private let description: ServiceDescription
    private let publication: SocketPublication
    private let capacity: Int
    private let storeMonitor: StoreHealthMonitor
    private let logLevel: LogLevel
    private let started = ContinuousClock.now

    /// Reserves the service's name in the run directory.
    ///
    /// - Throws: `conflict` if another process has the name; `invalid_params` for a setting out of range.
    init(_ description: ServiceDescription, settings: ServiceSettings, logLevel: LogLevel, logger: Logger) throws {
        self.description = description
        self.logLevel = logLevel
        publication = try SocketPublication(
            service: description.name, instance: settings.instance, isSingleton: description.isSingleton,
            in: settings.runDirectory)
        for instance in publication.removed {
            logger.notice("removed the stale socket of a replica", metadata: ["instance": "\(instance)"])
        }
        capacity = try settings.int("UNDERSTUDY_CAPACITY", default: description.capacity, in: 1...10_000)
        storeMonitor = StoreHealthMonitor(store: settings.store, logger: logger)
        storeMonitor.check()
        context = ServiceContext(
            service: description.name, settings: settings, logger: logger,
            pools: ServicePools(
                runDirectory: settings.runDirectory, logger: logger,
                // trusted: a bounded setting
                replicaStallTimeout: .seconds(settings.replicaStallTimeout)),
            blocking: BlockingPool(threads: max(capacity, 2)))
    }

    /// Serves until SIGTERM or SIGINT, then drains.
    ///
    /// - Throws: the first error of a part of the application, after the others were cancelled.
    func run(_ application: ServiceApplication) async throws {
        try await group(of: application, signals: [.sigterm, .sigint]).run()
        await context.pools.shutDown()
        context.logger.info("stopped")
    }

    /// Creates the service group of an application.
    ///
    /// - Parameter signals: the signals that shut the group down gracefully.
    /// - Throws: `internal` if two handlers answer the same method.
    func group(of application: ServiceApplication, signals: [UnixSignal]) throws -> ServiceGroup {
        let settings = context.settings
        let callTracker = CallTracker(
            capacity: capacity,
            methods: Dictionary(application.methods.map { ($0.name, $0.load) }) { first, _ in first })
        let system = SystemMethods(
            context: context, about: description.about, callTracker: callTracker, storeMonitor: storeMonitor,
            logLevel: logLevel,
            started: started)
        let registry = try MethodRegistry(application.methods + system.handlers(for: application))
        let server = SocketService(
            publication: publication,
            dispatcher: MethodDispatcher(registry: registry),
            interceptors: [CallAdmission(callTracker: callTracker), CallLog(logger: context.logger)],
            callTracker: callTracker,
            tap: Tap(
                source: TapSource(service: description.name, instance: settings.instance, pid: getpid()),
                redaction: Redaction(environment: settings.environment)),
            settings: settings, status: application.status, lineLimit: max(settings.lineLimit, registry.requestLimit),
            prepare: application.prepare, drain: application.drain, logger: context.logger)
        let parts: [any Service] = [storeMonitor] + application.services
        // Services stop in reverse order: the server drains before the services that its calls depend on.
        var configuration = ServiceGroupConfiguration(
            services: parts.map { part in
                ServiceGroupConfiguration.ServiceConfiguration(
                    service: BackgroundService(service: part), successTerminationBehavior: .ignore)
            } + [
                ServiceGroupConfiguration.ServiceConfiguration(
                    service: server, successTerminationBehavior: .gracefullyShutdownGroup)
            ],
            gracefulShutdownSignals: signals,
            logger: Logger(label: context.service) { _ in SwiftLogNoOpLogHandler() })
        // trusted: a bounded setting
        configuration.maximumGracefulShutdownDuration = .seconds(settings.drainSeconds + 10)
        return ServiceGroup(configuration: configuration)
    }
}
