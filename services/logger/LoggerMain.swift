// SPDX-License-Identifier: Apache-2.0

import AWS
import Blocking
import Contracts
import JSON
import JSONRPC
import ServiceKit

/// The entry point of the service `logger`.
package enum LoggerMain {
    /// Runs the service until it is stopped.
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription(
        "logger", about: "Stores pipeline events as JSON lines.", capacity: 64)

    /// The details of this service in `rpc.stats`.
    private struct Details: Encodable, Sendable {
        var sinks: JSONValue
    }

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let settings = try LogSettings(context.settings)
        let file =
            settings.sinks.contains(.file) ? EventFile(path: settings.file, isPrivate: settings.isDefaultFile) : nil
        let cloud = settings.sinks.contains(.cloudwatch) ? CloudSink(settings, context) : nil
        var sinks: [any LogSink] = []
        if let file { sinks.append(FileSink(file: file)) }
        if let cloud { sinks.append(cloud) }
        // A small pool of its own, so that reading events cannot starve logging.
        let readers = BlockingPool(threads: 2)
        let log = EventLog(file: file, sinks: sinks, instance: context.instance, blocking: readers)
        var application = ServiceApplication(methods: [
            MethodHandler(LoggerAPI.log) { event, call in try await log.log(event, params: call.rawParams) },
            MethodHandler(LoggerAPI.tail, log.tail),
            MethodHandler(LoggerAPI.flush) { _ in try await log.flush() },
        ])
        if let cloud {
            application.services = [CloudSinkService(sink: cloud, drainSeconds: context.settings.drainSeconds)]
        }
        application.details = { Details(sinks: try await log.report()) }
        return application
    }
}

extension CloudSink {
    init(_ settings: LogSettings, _ context: ServiceContext) {
        let account = AWSAccount(serviceEnvironment: context.settings.environment)
        self.init(
            spool: Spool(
                folder: settings.spoolFolder, instance: context.instance, maximumBytes: settings.spoolBytes),
            writer: LogGroupWriter(
                client: LogsClient(account: account), group: settings.group, retentionDays: settings.retentionDays,
                logger: context.logger),
            settings: settings.delivery, logger: context.logger)
    }
}
