import Faults
import Glibc
import Logging
import Untrusted

/// The one way to be a service: reads arguments and environment, runs the application, and ends the process.
package enum ServiceProgram {
    /// Makes the application of a service that has its name, before any caller can find it.
    package typealias Maker = @Sendable (ServiceContext) async throws -> ServiceApplication

    /// Runs until SIGTERM or SIGINT, then drains and exits with 0; 1 on a failure, 64 on wrong arguments.
    package static func run(_ description: ServiceDescription, _ make: Maker) async {
        await ServiceArguments.read(description)
        do {
            try await serve(description, make)
        } catch {
            let failure = ServiceError(wrapping: error)
            LogOutput.standardError.write(
                "\(description.name): \(failure.message.bounded(to: TextBound.message).printable(lineBreaks: .kept))\n")
            LogOutput.standardError.flush()
            exit(1)
        }
        LogOutput.standardError.flush()
        exit(0)
    }

    private static func serve(_ description: ServiceDescription, _ make: Maker) async throws {
        let settings = try ServiceSettings()
        CoreDumps.forbid(settings)
        StateDirectory.protect(settings.stateDirectory)
        // A peer that goes away while we write must not end the process.
        signal(SIGPIPE, SIG_IGN)
        if settings.string("UNDERSTUDY_SUPERVISED") == "stdin" { Supervision.endWithStandardInput() }
        let level = LogLevel(settings.logLevel)
        let logger = Logger(label: "\(description.name)/\(settings.instance)") {
            LineLogHandler(label: $0, level: level)
        }
        for warning in KnownVariables.warnings(settings.environment.keys) { logger.warning("\(warning)") }
        let host = try ServiceHost(description, settings: settings, logLevel: level, logger: logger)
        try await host.run(try await make(host.context))
    }
}
