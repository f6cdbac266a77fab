import Blocking
import Logging
import ServiceLifecycle
import ServicePool
import UnixSignals

/// The process around an application: its name in the run directory, its socket, its slots, and the order in which all of it stops.
struct ServiceHost: Sendable {
    let context: ServiceContext
    private let description: ServiceDescription
    private let publication: SocketPublication
    /// Calls that are work and run at a time.
    private let slots: Int
    private let store: StoreWatch
    private let logLevel: LogLevel
    private let started = ContinuousClock.now

    /// Takes the service's name in the run directory.
    ///
    /// - Throws: `conflict` where another process has it; `invalid_params` for a setting that is out of its range.
    init(_ description: ServiceDescription, settings: ServiceSettings, logLevel: LogLevel, logger: Logger) throws {
        self.description = description
        self.logLevel = logLevel
        publication = try SocketPublication(
            service: description.name, instance: settings.instance, isOnly: description.isOnly,
            in: settings.runDirectory)
        for instance in publication.removed {
            logger.notice("removed the stale socket of a replica", metadata: ["instance": "\(instance)"])
        }
        slots = try settings.int("UNDERSTUDY_CAPACITY", default: description.capacity, in: 1...10_000)
        store = StoreWatch(store: settings.store, logger: logger)
        store.look()
        context = ServiceContext(
            service: description.name, settings: settings, logger: logger,
            pools: ServicePools(
                // trusted: a bounded setting
                runDirectory: settings.runDirectory, logger: logger, stall: .seconds(settings.replicaStall)),
            blocking: BlockingPool(threads: max(slots, 2)))
    }

    /// Serves until SIGTERM or SIGINT, then drains.
    ///
    /// - Throws: what a part of the application throws; the others are cancelled then.
    func run(_ application: ServiceApplication) async throws {
        try await group(of: application, signals: [.sigterm, .sigint]).run()
        await context.pools.shutDown()
        context.logger.info("stopped")
    }

    /// The parts of the process as one service, which ends after a stop signal, when it has drained.
    ///
    /// - Parameter signals: stop it gracefully.
    func group(of application: ServiceApplication, signals: [UnixSignal]) throws -> ServiceGroup {
        let settings = context.settings
        let ledger = CallLedger(
            capacity: slots,
            methods: Dictionary(application.methods.map { ($0.name, $0.load) }) { first, _ in first })
        let system = SystemMethods(
            context: context, about: description.about, ledger: ledger, store: store, logLevel: logLevel,
            started: started)
        let registry = try MethodRegistry(application.methods + system.handlers(beside: application))
        let server = SocketService(
            publication: publication,
            dispatcher: MethodDispatcher(registry: registry),
            interceptors: [CallAdmission(ledger: ledger), CallLog(logger: context.logger)], ledger: ledger,
            settings: settings, lineLimit: max(settings.lineLimit, registry.requestLimit),
            prepare: application.prepare, drain: application.drain, logger: context.logger)
        let parts: [any Service] = [store] + application.services
        // Services stop in reverse order: the server drains first, what its calls lean on goes after.
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
