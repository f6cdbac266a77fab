import AWS
import Blocking
import Contracts
import JSON
import JSONRPC
import ServiceKit

package enum LoggerMain {
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription(
        "logger", about: "Keeps what happened, as lines of JSON.", capacity: 64)

    /// What `rpc.stats` tells of this service.
    private struct Details: Encodable, Sendable {
        var sinks: JSONValue
    }

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let settings = try LogSettings(context.settings)
        let file = settings.sinks.contains(.file) ? EventFile(path: settings.file, isPrivate: settings.isOwnFile) : nil
        let cloud = settings.sinks.contains(.cloudwatch) ? CloudSink(settings, context) : nil
        var sinks: [any LogSink] = []
        if let file { sinks.append(FileSink(file: file)) }
        if let cloud { sinks.append(cloud) }
        // Reading what was logged never takes all of the machine from logging.
        let readers = BlockingPool(threads: 2)
        let log = EventLog(file: file, sinks: sinks, instance: context.instance, blocking: readers)
        var application = ServiceApplication(methods: [
            MethodHandler(LoggerAPI.log) { event, call in try await log.log(event, params: call.rawParams) },
            MethodHandler(LoggerAPI.tail, log.tail),
            MethodHandler(LoggerAPI.flush) { _ in try await log.flush() },
        ])
        if let cloud {
            application.services = [CloudDelivery(sink: cloud, drain: context.settings.drainSeconds)]
        }
        application.details = { Details(sinks: try await log.report()) }
        return application
    }
}

extension CloudSink {
    init(_ settings: LogSettings, _ context: ServiceContext) {
        let account = AWSAccount(ofService: context.settings.environment)
        self.init(
            spool: Spool(
                folder: settings.spoolFolder, instance: context.instance, maximumBytes: settings.spoolBytes),
            courier: LogCourier(
                client: LogsClient(account: account), group: settings.group, retentionDays: settings.retentionDays,
                logger: context.logger),
            settings: settings.delivery, logger: context.logger)
    }
}
