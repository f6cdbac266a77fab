import AWS
import Blocking
import Contracts
import JSONRPC
import ServiceKit

package enum LoggerMain {
    package static func main() async {
        await ServiceMain.run("logger", about: "Keeps what happened, as lines of JSON.", capacity: 64) {
            context, methods in
            let settings = try LogSettings(context.settings)
            let file =
                settings.sinks.contains(.file) ? EventFile(path: settings.file, isPrivate: settings.isOwnFile) : nil
            var sinks: [any LogSink] = []
            if let file { sinks.append(FileSink(file: file)) }
            if settings.sinks.contains(.cloudwatch) {
                let cloud = CloudSink(settings, context)
                sinks.append(cloud)
                methods.background("cloudwatch") { await cloud.run(drain: context.settings.drainSeconds) }
            }
            // Reading what was logged never takes all of the machine from logging.
            let readers = BlockingPool(threads: 2)
            let log = EventLog(file: file, sinks: sinks, instance: context.instance, blocking: readers)
            methods.handle(LoggerAPI.log) { event, call in try await log.log(event, params: call.rawParams) }
            methods.handle(LoggerAPI.tail) { request, _ in try await log.tail(request) }
            methods.handle(LoggerAPI.flush) { _, _ in try await log.flush() }
            methods.report("sinks") { try await log.report() }
        }
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
