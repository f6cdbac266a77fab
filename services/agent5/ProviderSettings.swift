// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import HTTP
import MediaService
import Prices
import Providers
import ServiceKit

/// Creates the lead that is configured by the environment.
enum ProviderSettings {
    /// Creates a lead that orders clips from a video generator.
    private static func clipsProvider(
        _ name: String, _ context: ServiceContext, _ artifacts: Artifacts
    ) throws(ServiceError) -> ClipsProvider {
        let settings = context.settings
        let prices = try PriceList.read(settings.string("UNDERSTUDY_PRICES"))
        let timeout = try settings.double("UNDERSTUDY_AGENT5_CLIP_TIMEOUT_S", default: 1200, in: 1...86_400)
        let intervals = OrderPollingIntervals(
            errorTolerance: try settings.double(
                "UNDERSTUDY_ORDER_PATIENCE_S", default: PollErrorTolerance.defaultSeconds, in: 0...86_400))
        let http = HTTPClient()
        let generator: any ClipGenerator
        if name == "replicate" {
            guard let model = settings.string("UNDERSTUDY_REPLICATE_MODEL") else {
                throw ServiceError(
                    .invalidParams, "UNDERSTUDY_REPLICATE_MODEL: expected owner/name or owner/name:version")
            }
            let base = settings.string("UNDERSTUDY_REPLICATE_BASE_URL") ?? "https://api.replicate.com"
            generator = ReplicateClips(
                client: ReplicateClient(
                    base: base, token: try settings.secret("REPLICATE_API_TOKEN"), http: http, intervals: intervals),
                model: model,
                input: try ReplicateInput(
                    settings.string("UNDERSTUDY_REPLICATE_VIDEO_INPUT"), defaults: ReplicateClips.defaultInput,
                    variable: "UNDERSTUDY_REPLICATE_VIDEO_INPUT"),
                lengths: try lengths(settings, default: "5,10"), timeout: timeout, prices: prices)
        } else {
            guard let base = settings.string("UNDERSTUDY_OPENAI_VIDEOS_URL"), base.hasSuffix("/v1") else {
                throw ServiceError(.invalidParams, "UNDERSTUDY_OPENAI_VIDEOS_URL: expected a URL that ends in /v1")
            }
            generator = OpenAIVideos(
                base: base, key: try settings.secret("OPENAI_API_KEY"),
                model: settings.string("UNDERSTUDY_OPENAI_VIDEOS_MODEL"),
                lengths: try lengths(settings, default: "4,8,12"),
                timeout: timeout, http: http, prices: prices, intervals: intervals)
        }
        let scope = settings.string("UNDERSTUDY_AGENT5_SCOPE") ?? "segments"
        guard let scope = ClipsProvider.Scope(rawValue: scope) else {
            throw ServiceError(.invalidParams, "UNDERSTUDY_AGENT5_SCOPE: expected segments or film, found \"\(scope)\"")
        }
        return ClipsProvider(
            generator: generator, scope: scope,
            concurrency: try settings.int("UNDERSTUDY_AGENT5_CONCURRENCY", default: 2, in: 1...64),
            media: MediaWork(artifacts: artifacts, blocking: context.blocking),
            callStore: LeadCallStore(folder: "\(settings.stateDirectory)/agent5/orders"), logger: context.logger)
    }

    private static func lengths(_ settings: ServiceSettings, default text: String) throws(ServiceError) -> ClipLengths {
        do {
            return try ClipLengths(settings.string("UNDERSTUDY_AGENT5_LENGTHS") ?? text)
        } catch {
            throw ServiceError(.invalidParams, "UNDERSTUDY_AGENT5_LENGTHS: \(error.message)")
        }
    }

    /// Creates the lead.
    ///
    /// - Throws: `invalid_params` that names the invalid or missing variable.
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
                let words = try ShellWords.split(command)
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
            return try clipsProvider(settings.string("UNDERSTUDY_AGENT5_PROVIDER") ?? "", context, artifacts)
        case let other:
            throw ServiceError(
                .invalidParams,
                "UNDERSTUDY_AGENT5_PROVIDER: expected none, scripted, command, socket, replicate or openai-videos, found \"\(other)\""
            )
        }
    }
}
