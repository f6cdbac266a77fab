import Artifacts
import Contracts
import FoundationEssentials
import JSONRPC

/// Answers `imagegen`'s methods: checks what is asked, chooses the provider, stores the picture.
struct ImageStudio: Sendable {
    static let maximumPrompt = 32_000
    private static let maximumPixels = 64_000_000

    let artifacts: Artifacts
    let providers: ProviderList
    let delivered: DeliveredStills
    let cache: StillCache
    private let breakers = ProviderBreakers()

    init(artifacts: Artifacts, providers: ProviderList, delivered: DeliveredStills, cache: StillCache) {
        self.artifacts = artifacts
        self.providers = providers
        self.delivered = delivered
        self.cache = cache
    }

    func generate(_ request: GenerateImage, _ call: Call) async throws -> GeneratedImage {
        try await generate(request) { call.progress($0, $1) }
    }

    /// - Parameter report: gets a fraction and a message.
    func generate(
        _ request: GenerateImage, report: (Double, String) -> Void
    ) async throws -> GeneratedImage {
        try check(request)
        let candidates = try candidates(request)
        let output = try ArtifactURI(request.output, at: "/output")
        try artifacts.policy?.checkTarget(output, "/output: the picture")
        if let image = try await delivered.find(request, artifacts) { return image }
        let image = try await firstOf(candidates, request, output, report)
        try delivered.keep(image, for: request)
        return image
    }

    /// Asks one provider after the other until one has drawn.
    ///
    /// - Throws: the first one's error, with what the others said in its detail.
    private func firstOf(
        _ candidates: [any ImageProvider], _ request: GenerateImage, _ output: ArtifactURI,
        _ report: (Double, String) -> Void
    ) async throws -> GeneratedImage {
        var failures: [ServiceError] = []
        for provider in candidates {
            let call = UUID().uuidString
            // A breaker only spares a provider where somebody else can be asked.
            if candidates.count > 1, await !breakers.admits(provider.name, call: call) {
                failures.append(
                    ServiceError(
                        .unavailable, "\(provider.name) is not asked: it failed three times in a row",
                        provider: provider.name))
                continue
            }
            report(0, "\(provider.name) draws")
            do {
                var image = try await draw(request, provider, output)
                await breakers.succeeded(provider.name)
                let warnings = failures.map(\.message) + (image.warnings ?? [])
                image.warnings = warnings.isEmpty ? nil : warnings
                return image
            } catch let error as ServiceError {
                await breakers.failed(provider.name, error.kind, call: call)
                failures.append(error)
            } catch {
                await breakers.released(provider.name, call: call)
                throw error
            }
        }
        var first = failures[0]
        let others = failures.dropFirst().map(\.message)
        if !others.isEmpty { first.detail = ([first.detail].compactMap { $0 } + others).joined(separator: "\n") }
        throw first
    }

    private func draw(
        _ request: GenerateImage, _ provider: any ImageProvider, _ output: ArtifactURI
    ) async throws -> GeneratedImage {
        let isPaid = provider.info.needsNetwork && provider.name != "folder"
        let key = StillCache.key(request, provider: provider.name, model: provider.model(of: request))
        if isPaid, request.fresh != true, let found = cache.find(key) {
            try await artifacts.copy(ArtifactURI(filePath: found.path), to: output)
            return GeneratedImage(
                image: output.description, width: found.entry.width, height: found.entry.height,
                mediaType: found.entry.mediaType, provider: provider.name, model: found.entry.model, cost: .zero,
                attempts: 0, cached: true, saved: found.entry.cost)
        }
        let drawn = try await artifacts.output(output) { path in
            let drawn = try await provider.draw(request, to: path)
            // Whatever becomes of the store: what was paid for is kept.
            if isPaid { cache.keep(path, drawn, as: key) }
            return drawn
        }
        return GeneratedImage(
            image: output.description, width: drawn.width, height: drawn.height, mediaType: drawn.mediaType,
            provider: provider.name, model: drawn.model, cost: drawn.cost, attempts: drawn.attempts, cached: false,
            warnings: drawn.warnings.isEmpty ? nil : drawn.warnings)
    }

    func list() async -> ImageProviders {
        var infos: [ImageProviderInfo] = []
        for (index, provider) in providers.all.enumerated() {
            var info = provider.info
            info.isDefault = index == 0
            info.breaker = await breakers.state(of: provider.name)
            infos.append(info)
        }
        return ImageProviders(providers: infos, chain: providers.chain.map(\.name))
    }

    private func candidates(_ request: GenerateImage) throws(ServiceError) -> [any ImageProvider] {
        guard let name = request.provider else { return providers.chain }
        guard let provider = providers.all.first(where: { $0.name == name }) else {
            let known = providers.all.map(\.name).joined(separator: ", ")
            throw .invalidParams(at: "/provider", expected: "one of \(known), found \"\(name)\"")
        }
        return [provider]
    }

    private func check(_ request: GenerateImage) throws(ServiceError) {
        guard request.prompt.contains(where: { !$0.isWhitespace }) else {
            throw .invalidParams(at: "/prompt", expected: "what the picture shows, found nothing")
        }
        guard request.prompt.unicodeScalars.count <= Self.maximumPrompt else {
            throw ServiceError(.tooLarge, "/prompt: at most \(Self.maximumPrompt) characters", detail: "/prompt")
        }
        guard (16...8192).contains(request.width) else {
            throw .invalidParams(at: "/width", expected: "16 to 8192 pixels, found \(request.width)")
        }
        guard (16...8192).contains(request.height) else {
            throw .invalidParams(at: "/height", expected: "16 to 8192 pixels, found \(request.height)")
        }
        guard request.width * request.height <= Self.maximumPixels else {
            throw ServiceError(.tooLarge, "\(request.width)x\(request.height): a picture has at most 64 million pixels")
        }
    }
}
