// SPDX-License-Identifier: Apache-2.0

import Faults
import Glibc
import Logging
import Untrusted

/// The entry point of a service: reads arguments and environment, runs the application and exits.
///
/// ```swift
/// await ServiceProgram.run(ServiceDescription("greeter", about: "Greets.", capacity: 4)) { context in
///     ServiceApplication(methods: [MethodHandler(GreeterAPI.greet) { request in Greeting(text: "Hello, \(request.name)") }])
/// }
/// ```
package enum ServiceProgram {
    /// Creates the application after the service's name is reserved and before its socket is published.
    package typealias ApplicationFactory = @Sendable (ServiceContext) async throws -> ServiceApplication

    /// Runs until SIGTERM or SIGINT, then drains and exits with status 0; with 1 on failure, with 64 for invalid arguments.
    package static func run(_ description: ServiceDescription, _ makeApplication: ApplicationFactory) async {
        await ServiceArguments.handle(description)
        do {
            try await serve(description, makeApplication)
        } catch {
            let failure = ServiceError(wrapping: error)
            LogOutput.standardError.write(
                "\(description.name): \(failure.message.bounded(to: TextBound.message).printable(lineFeeds: .preserved))\n"
            )
            LogOutput.standardError.flush()
            exit(1)
        }
        LogOutput.standardError.flush()
        exit(0)
    }

    private static func serve(
        _ description: ServiceDescription, _ makeApplication: ApplicationFactory
    ) async throws {
        let settings = try ServiceSettings()
        CoreDumps.disable(settings)
        StateDirectory.protect(settings.stateDirectory)
        FreedMemory.retain()
        // Writing to a disconnected peer must not end the process.
        signal(SIGPIPE, SIG_IGN)
        if settings.string("UNDERSTUDY_SUPERVISED") == "stdin" { Supervision.terminateAtEndOfStandardInput() }
        let level = LogLevel(settings.logLevel)
        let logger = Logger(label: "\(description.name)/\(settings.instance)") {
            LineLogHandler(label: $0, level: level)
        }
        for warning in KnownVariables.warnings(settings.environment.keys) { logger.warning("\(warning)") }
        let host = try ServiceHost(description, settings: settings, logLevel: level, logger: logger)
        try await host.run(try await makeApplication(host.context))
    }
}
