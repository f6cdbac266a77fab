import Artifacts
import Contracts
import JSONRPC
import ServiceKit

@main
struct Agent5Main {
    static func main() async {
        await ServiceMain.run("agent5", about: "The lead: makes the video, if a provider is configured.", capacity: 8) {
            context, methods in
            let provider = try provider(context.settings)
            methods.handle(AgentAPI.process) { request, call in try await provider.process(request, call) }
        }
    }

    /// - Throws: `invalid_params` that names the variable.
    private static func provider(_ settings: ServiceSettings) throws(ServiceError) -> any VideoProvider {
        switch settings.string("UNDERSTUDY_AGENT5_PROVIDER") ?? "none" {
        case "none":
            return NoProvider()
        case "scripted":
            guard let path = settings.string("UNDERSTUDY_AGENT5_SCRIPT"), path.hasPrefix("/") else {
                throw ServiceError(
                    .invalidParams, "UNDERSTUDY_AGENT5_SCRIPT: expected the absolute path of the script to play")
            }
            return ScriptedProvider(path: path, artifacts: Artifacts())
        case let other:
            throw ServiceError(
                .invalidParams, "UNDERSTUDY_AGENT5_PROVIDER: expected none or scripted, found \"\(other)\"")
        }
    }
}
