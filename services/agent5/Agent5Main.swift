import Artifacts
import Contracts
import JSONRPC
import ServiceKit

@main
struct Agent5Main {
    static func main() async {
        await ServiceMain.run("agent5", about: "The lead: makes the video, if a provider is configured.", capacity: 8) {
            context, methods in
            let provider = try provider(context)
            methods.handle(AgentAPI.process) { request, call in try await provider.process(request, call) }
        }
    }

    /// - Throws: `invalid_params` that names the variable.
    private static func provider(_ context: ServiceContext) throws(ServiceError) -> any VideoProvider {
        let settings = context.settings
        let artifacts = Artifacts(environment: settings.environment)
        switch settings.string("UNDERSTUDY_AGENT5_PROVIDER") ?? "none" {
        case "none":
            return NoProvider()
        case "scripted":
            guard let path = settings.string("UNDERSTUDY_AGENT5_SCRIPT"), path.hasPrefix("/") else {
                throw ServiceError(
                    .invalidParams, "UNDERSTUDY_AGENT5_SCRIPT: expected the absolute path of the script to play")
            }
            return ScriptedProvider(path: path, artifacts: artifacts)
        case "command":
            guard let command = settings.string("UNDERSTUDY_AGENT5_COMMAND") else {
                throw ServiceError(.invalidParams, "UNDERSTUDY_AGENT5_COMMAND: expected the program to run")
            }
            do {
                let words = try CommandWords.split(command)
                return CommandProvider(words: words, artifacts: artifacts, logger: context.logger)
            } catch {
                throw ServiceError(.invalidParams, "UNDERSTUDY_AGENT5_COMMAND: \(error.message)")
            }
        case "socket":
            guard let path = settings.string("UNDERSTUDY_AGENT5_SOCKET"), path.hasPrefix("/") else {
                throw ServiceError(
                    .invalidParams, "UNDERSTUDY_AGENT5_SOCKET: expected the absolute path of a service's socket")
            }
            return SocketProvider(path: path)
        case let other:
            throw ServiceError(
                .invalidParams,
                "UNDERSTUDY_AGENT5_PROVIDER: expected none, scripted, command or socket, found \"\(other)\"")
        }
    }
}
