import Artifacts
import Contracts
import Faults
import HTTP
import MediaService
import Prices
import Providers
import ServiceKit

/// Makes the lead that the environment configures.
enum ProviderSettings {
    /// A lead that has clips generated.
    private static func generated(
        by name: String, _ context: ServiceContext, _ artifacts: Artifacts
    ) throws(ServiceError) -> ClipsProvider {
        let settings = context.settings
        let prices = try PriceList.read(settings.string("UNDERSTUDY_PRICES"))
        let timeout = try settings.double("UNDERSTUDY_AGENT5_CLIP_TIMEOUT_S", default: 1200, in: 1...86_400)
        let pauses = OrderPauses(
            patience: try settings.double(
                "UNDERSTUDY_ORDER_PATIENCE_S", default: RefusalPatience.usual, in: 0...86_400))
        let http = HTTPClient()
        let maker: any ClipMaker
        if name == "replicate" {
            guard let model = settings.string("UNDERSTUDY_REPLICATE_MODEL") else {
                throw ServiceError(
                    .invalidParams, "UNDERSTUDY_REPLICATE_MODEL: expected owner/name or owner/name:version")
            }
            let base = settings.string("UNDERSTUDY_REPLICATE_BASE_URL") ?? "https://api.replicate.com"
            maker = ReplicateClips(
                client: ReplicateClient(
                    base: base, token: try settings.secret("REPLICATE_API_TOKEN"), http: http, pauses: pauses),
                model: model,
                input: try ReplicateInput(
                    settings.string("UNDERSTUDY_REPLICATE_VIDEO_INPUT"), usual: ReplicateClips.usualInput,
                    variable: "UNDERSTUDY_REPLICATE_VIDEO_INPUT"),
                lengths: try lengths(settings, "5,10"), timeout: timeout, prices: prices)
        } else {
            guard let base = settings.string("UNDERSTUDY_OPENAI_VIDEOS_URL"), base.hasSuffix("/v1") else {
                throw ServiceError(.invalidParams, "UNDERSTUDY_OPENAI_VIDEOS_URL: expected a URL that ends in /v1")
            }
            maker = OpenAIVideos(
                base: base, key: try settings.secret("OPENAI_API_KEY"),
                model: settings.string("UNDERSTUDY_OPENAI_VIDEOS_MODEL"), lengths: try lengths(settings, "4,8,12"),
                timeout: timeout, http: http, prices: prices, pauses: pauses)
        }
        let scope = settings.string("UNDERSTUDY_AGENT5_SCOPE") ?? "segments"
        guard let scope = ClipsProvider.Scope(rawValue: scope) else {
            throw ServiceError(.invalidParams, "UNDERSTUDY_AGENT5_SCOPE: expected segments or film, found \"\(scope)\"")
        }
        return ClipsProvider(
            maker: maker, scope: scope,
            width: try settings.int("UNDERSTUDY_AGENT5_CONCURRENCY", default: 2, in: 1...64),
            media: MediaWork(artifacts: artifacts, blocking: context.blocking),
            ledger: LeadLedger(folder: "\(settings.stateDirectory)/agent5/orders"), logger: context.logger)
    }

    private static func lengths(_ settings: ServiceSettings, _ usual: String) throws(ServiceError) -> ClipLengths {
        do {
            return try ClipLengths(settings.string("UNDERSTUDY_AGENT5_LENGTHS") ?? usual)
        } catch {
            throw ServiceError(.invalidParams, "UNDERSTUDY_AGENT5_LENGTHS: \(error.message)")
        }
    }

    /// - Throws: `invalid_params` that names the variable.
    static func provider(_ context: ServiceContext) throws(ServiceError) -> any VideoProvider {
        let settings = context.settings
        let artifacts = try Artifacts(store: settings.store, environment: settings.environment)
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
        case "replicate", "openai-videos":
            return try generated(by: settings.string("UNDERSTUDY_AGENT5_PROVIDER") ?? "", context, artifacts)
        case let other:
            throw ServiceError(
                .invalidParams,
                "UNDERSTUDY_AGENT5_PROVIDER: expected none, scripted, command, socket, replicate or openai-videos, found \"\(other)\""
            )
        }
    }
}
