import FoundationEssentials
import Glibc
import JSONRPC
import Logging
import ServiceLifecycle
import ServicePool
import UnixSignals
import Untrusted

/// The one way to be a service: configuration, logging, the socket, system methods, signals and the drain.
package enum ServiceMain {
    /// Builds the methods of a service; may start what they need.
    package typealias Builder = @Sendable (ServiceContext, inout MethodTable) async throws -> Void

    /// Runs until SIGTERM or SIGINT, then drains and exits with 0; 1 on a failure, 64 on wrong arguments.
    ///
    /// - Parameters:
    ///   - capacity: slots for calls of methods that are work, if `UNDERSTUDY_CAPACITY` says nothing else.
    ///   - isOnly: whether a run directory has one replica of it at most.
    package static func run(
        _ service: String, about: String, capacity: Int, isOnly: Bool = false, build: @escaping Builder
    ) async {
        await readArguments(service, about: about)
        do {
            try await serve(service, about: about, capacity: capacity, isOnly: isOnly, build: build)
        } catch {
            let failure = ServiceError(wrapping: error)
            LogOutput.standardError.write(
                "\(service): \(failure.message.bounded(to: TextBound.message).printable(lineBreaks: .kept))\n")
            LogOutput.standardError.flush()
            exit(1)
        }
        LogOutput.standardError.flush()
        exit(0)
    }

    private static func serve(
        _ service: String, about: String, capacity: Int, isOnly: Bool, build: @escaping Builder
    ) async throws {
        let settings = try ServiceSettings()
        CoreDumps.forbid(settings)
        StateDirectory.protect(settings.stateDirectory)
        // A peer that goes away while we write must not end the process.
        signal(SIGPIPE, SIG_IGN)
        if settings.string("UNDERSTUDY_SUPERVISED") == "stdin" { Supervision.endWithStandardInput() }
        let label = "\(service)/\(settings.instance)"
        let level = LogLevel(settings.logLevel)
        let logger = Logger(label: label) { LineLogHandler(label: $0, level: level) }
        for warning in KnownVariables.warnings(settings.environment.keys) { logger.warning("\(warning)") }
        let publication = try SocketPublication(
            service: service, instance: settings.instance, isOnly: isOnly, in: settings.runDirectory)
        for instance in publication.removed {
            logger.notice("took away the socket of a replica that is no more", metadata: ["instance": "\(instance)"])
        }
        let slots = try settings.int("UNDERSTUDY_CAPACITY", default: capacity, in: 1...10_000)
        let context = ServiceContext(
            service: service, settings: settings, logger: logger,
            pools: ServicePools(
                // trusted: a bounded setting
                runDirectory: settings.runDirectory, logger: logger, stall: .seconds(settings.replicaStall)),
            blocking: BlockingPool(threads: max(slots, 2)))
        let ledger = CallLedger(capacity: slots)
        let store = StoreWatch(store: settings.store, logger: logger)
        store.look()
        var table = MethodTable()
        let started = ContinuousClock.now
        table.background("store") { try await store.run() }
        try await build(context, &table)
        SystemMethods(
            context: context, about: about, ledger: ledger, store: store, logLevel: level, started: started
        ).register(in: &table)

        let server = SocketService(
            publication: publication, dispatcher: TableDispatcher(table: table, ledger: ledger, logger: logger),
            ledger: ledger, settings: settings, lineLimit: max(settings.lineLimit, table.requestLimit),
            drainActions: table.drainActions, logger: logger)
        let backgrounds = table.backgrounds.map { background in
            ServiceGroupConfiguration.ServiceConfiguration(
                service: BackgroundService(body: background.run),
                successTerminationBehavior: .ignore)
        }
        // Services stop in reverse order: the server drains first, what its calls lean on goes after.
        var configuration = ServiceGroupConfiguration(
            services: backgrounds
                + [
                    ServiceGroupConfiguration.ServiceConfiguration(
                        service: server, successTerminationBehavior: .gracefullyShutdownGroup)
                ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: label) { _ in SwiftLogNoOpLogHandler() }
        )
        // trusted: a bounded setting
        configuration.maximumGracefulShutdownDuration = .seconds(settings.drainSeconds + 10)
        try await ServiceGroup(configuration: configuration).run()
        await context.pools.shutDown()
        logger.info("stopped")
    }

    /// `--help`, `--version` and `--healthcheck`; everything else comes from the environment.
    private static func readArguments(_ service: String, about: String) async {
        guard let argument = CommandLine.arguments.dropFirst().first else { return }
        switch argument {
        case "--version":
            FileHandleOutput.output("\(ServiceSettings.version)\n")
            exit(0)
        case "--healthcheck":
            exit(await HealthCheck.run(service))
        case "--help", "-h":
            FileHandleOutput.output(
                """
                OVERVIEW: \(about)

                USAGE: \(service) [--help] [--version] [--healthcheck]

                Serves line-delimited JSON-RPC 2.0 on $UNDERSTUDY_RUN_DIR/\(service)/<instance>.sock until SIGTERM.
                Ask it what it can do:
                  printf '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}\\n' | socat - UNIX-CONNECT:<socket>

                --healthcheck asks the replica of this run directory and instance: 0 while it serves, else 1 and why not.

                ENVIRONMENT:
                  UNDERSTUDY_RUN_DIR         where services meet ($XDG_RUNTIME_DIR/understudy, /tmp/understudy-<uid>)
                  UNDERSTUDY_INSTANCE        this replica's name (the host's name)
                  UNDERSTUDY_STATE_DIR       what outlives a restart (~/.local/state/understudy)
                  UNDERSTUDY_STORE           where artifacts lie (file://<state directory>/store)
                  UNDERSTUDY_PRICES          what work costs, a file of JSON (built-in prices)
                  UNDERSTUDY_CAPACITY        calls answered at a time
                  UNDERSTUDY_DRAIN_S         seconds that calls get to finish after SIGTERM (30)
                  UNDERSTUDY_LOG_LEVEL       trace, debug, info, notice, warning, error, critical (info)
                  UNDERSTUDY_ALLOW_GIDS      groups that may connect and be connected to, beside this user
                  UNDERSTUDY_REPLICA_STALL_S seconds that a replica at work may leave rpc.health unanswered (15)
                  UNDERSTUDY_MAX_LINE_BYTES  bytes that one line may have (4194304)

                EXIT STATUS: 0 stopped by a signal, 1 could not run, 64 wrong arguments.

                """)
            exit(0)
        default:
            FileHandleOutput.error("\(service): unknown argument \"\(argument.printable())\"; see \(service) --help\n")
            exit(64)
        }
    }
}
