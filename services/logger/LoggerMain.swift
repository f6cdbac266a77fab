import Contracts
import JSONRPC
import ServiceKit

@main
struct LoggerMain {
    static func main() async {
        await ServiceMain.run("logger", about: "Keeps what happened, as lines of JSON.", capacity: 64) {
            context, methods in
            let path =
                context.settings.string("UNDERSTUDY_LOG_FILE")
                ?? "\(context.settings.stateDirectory)/logger/events.jsonl"
            let log = EventLog(file: EventFile(path: path))
            methods.handle(LoggerAPI.log) { event, call in try await log.log(event, params: call.rawParams) }
            methods.handle(LoggerAPI.tail) { request, _ in try await log.tail(request) }
            methods.handle(LoggerAPI.flush) { _, _ in try await log.flush() }
        }
    }
}
