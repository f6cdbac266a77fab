// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import HTTP
import Logging
import Prices
import Providers
import ServiceKit

/// The providers that are configured by the environment.
struct ProviderList: Sendable {
    /// The names of all providers.
    static let names = ["card", "openai", "openai-compatible", "replicate", "folder"]

    /// All providers that a request may name.
    let all: [any ImageProvider]
    /// The providers that are called in turn for a request that names none.
    let chain: [any ImageProvider]

    init(all: [any ImageProvider], chain: [any ImageProvider]) {
        self.all = all
        self.chain = chain
    }

    /// Reads `UNDERSTUDY_IMAGE_PROVIDERS`, a comma-separated list, and the settings of each provider. `card` may always be named.
    ///
    /// - Throws: `invalid_params` that names the variable.
    init(_ context: ServiceContext, prices: PriceList, artifacts: Artifacts) throws {
        let settings = context.settings
        let text = settings.string("UNDERSTUDY_IMAGE_PROVIDERS") ?? "card"
        let chainNames = text.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
        var configured: [String: any ImageProvider] = [
            "card": CardProvider(blocking: context.blocking, price: prices.image(provider: "card"))
        ]
        let http = HTTPClient()
        let timeout = try settings.double("UNDERSTUDY_IMAGE_TIMEOUT_S", default: 180, in: 1...3600)
        let errorTolerance = try settings.double(
            "UNDERSTUDY_ORDER_PATIENCE_S", default: PollErrorTolerance.defaultSeconds, in: 0...86_400)
        func provider(_ name: String, _ account: OpenAIProvider.Account, model: String) -> OpenAIProvider {
            OpenAIProvider(
                name: name, account: account, model: model, timeout: timeout, errorTolerance: errorTolerance,
                prices: prices,
                http: http, logger: context.logger)
        }
        let key = try settings.secret("OPENAI_API_KEY")
        if key != nil || chainNames.contains("openai") {
            var headers: [String: String] = [:]
            headers["OpenAI-Organization"] = settings.string("OPENAI_ORG_ID")
            headers["OpenAI-Project"] = settings.string("OPENAI_PROJECT_ID")
            configured["openai"] = provider(
                "openai",
                OpenAIProvider.Account(
                    base: try Self.base(settings, "OPENAI_BASE_URL") ?? "https://api.openai.com/v1", key: key,
                    headers: headers, keyVariable: "OPENAI_API_KEY", isOpenAI: true),
                model: settings.string("UNDERSTUDY_OPENAI_IMAGE_MODEL") ?? "gpt-image-2")
        }
        if let (base, query) = try Self.endpoint(settings, "UNDERSTUDY_IMAGE_COMPATIBLE_URL") {
            configured["openai-compatible"] = provider(
                "openai-compatible",
                OpenAIProvider.Account(
                    base: base, query: query, key: try settings.secret("UNDERSTUDY_IMAGE_COMPATIBLE_KEY"),
                    isOpenAI: false),
                model: settings.string("UNDERSTUDY_IMAGE_COMPATIBLE_MODEL") ?? "default")
        }
        let token = try settings.secret("REPLICATE_API_TOKEN")
        if token != nil || chainNames.contains("replicate") {
            configured["replicate"] = ReplicateProvider(
                client: ReplicateClient(
                    base: try Self.base(settings, "UNDERSTUDY_REPLICATE_BASE_URL") ?? "https://api.replicate.com",
                    token: token, http: http, intervals: OrderPollingIntervals(errorTolerance: errorTolerance)),
                model: settings.string("UNDERSTUDY_REPLICATE_IMAGE_MODEL") ?? "black-forest-labs/flux-schnell",
                input: try ReplicateInput(
                    settings.string("UNDERSTUDY_REPLICATE_IMAGE_INPUT"), defaults: ReplicateProvider.defaultInput,
                    variable: "UNDERSTUDY_REPLICATE_IMAGE_INPUT"), timeout: timeout,
                prices: prices, logger: context.logger)
        }
        if let folder = settings.string("UNDERSTUDY_IMAGE_FOLDER") {
            let uri =
                folder.contains("://")
                ? try ArtifactURI(folder, at: "UNDERSTUDY_IMAGE_FOLDER") : ArtifactURI(filePath: folder)
            configured["folder"] = FolderProvider(folder: uri, artifacts: artifacts)
        }
        chain = try chainNames.map { name in
            guard let provider = configured[name] else { throw Self.unknown(name) }
            return provider
        }
        guard !chain.isEmpty else {
            throw ServiceError(.invalidParams, "UNDERSTUDY_IMAGE_PROVIDERS: expected at least one provider")
        }
        let others = Self.names.filter { !chainNames.contains($0) }.compactMap { configured[$0] }
        all = chain + others
    }

    private static func unknown(_ name: String) -> ServiceError {
        let reason =
            switch name {
            case "openai-compatible": "set UNDERSTUDY_IMAGE_COMPATIBLE_URL to use openai-compatible"
            case "folder": "set UNDERSTUDY_IMAGE_FOLDER to use folder"
            default: "expected \(names.joined(separator: ", ")), found \"\(name.prefix(80))\""
            }
        return ServiceError(.invalidParams, "UNDERSTUDY_IMAGE_PROVIDERS: \(reason)")
    }

    /// A base URL and its query, which deployments at Azure need: `?api-version=...`.
    private static func endpoint(
        _ settings: ServiceSettings, _ variable: String
    ) throws(ServiceError) -> (base: String, query: String)? {
        guard let text = settings.string(variable) else { return nil }
        let base = text.prefix { $0 != "?" }
        return (try checked(String(base), variable), String(text[base.endIndex...].dropFirst()))
    }

    private static func base(_ settings: ServiceSettings, _ variable: String) throws(ServiceError) -> String? {
        try settings.string(variable).map { text throws(ServiceError) in try checked(text, variable) }
    }

    private static func checked(_ text: String, _ variable: String) throws(ServiceError) -> String {
        var base = text
        while base.hasSuffix("/") { base.removeLast() }
        guard base.hasPrefix("https://") || base.hasPrefix("http://"), !base.contains("?"), !base.contains("@") else {
            throw ServiceError(.invalidParams, "\(variable): expected a URL such as http://127.0.0.1:8080/v1")
        }
        return base
    }
}
