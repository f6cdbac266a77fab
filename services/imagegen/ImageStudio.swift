import Artifacts
import Contracts
import JSONRPC

/// Answers `imagegen`'s methods: checks what is asked, chooses the provider, stores the picture.
struct ImageStudio: Sendable {
    static let maximumPrompt = 32_000
    private static let maximumPixels = 64_000_000

    let artifacts: Artifacts
    /// The default first.
    let providers: [any ImageProvider]
    let delivered: DeliveredStills

    func generate(_ request: GenerateImage, _ call: Call) async throws -> GeneratedImage {
        try await generate(request) { call.progress($0, $1) }
    }

    /// - Parameter report: gets a fraction and a message.
    func generate(
        _ request: GenerateImage, report: (Double, String) -> Void
    ) async throws -> GeneratedImage {
        try check(request)
        let provider = try provider(named: request.provider)
        let output = try ArtifactURI(request.output, at: "/output")
        if let image = try await delivered.find(request, artifacts) { return image }
        report(0, "\(provider.name) draws")
        let drawn = try await artifacts.output(output) { path in
            try await provider.draw(request, to: path)
        }
        let image = GeneratedImage(
            image: output.description, width: drawn.width, height: drawn.height, mediaType: drawn.mediaType,
            provider: provider.name, model: drawn.model, cost: drawn.cost, attempts: drawn.attempts, cached: false,
            warnings: drawn.warnings.isEmpty ? nil : drawn.warnings)
        try delivered.keep(image, for: request)
        return image
    }

    func list() -> ImageProviders {
        ImageProviders(
            providers: providers.enumerated().map { index, provider in
                var info = provider.info
                info.isDefault = index == 0
                return info
            })
    }

    private func provider(named name: String?) throws(ServiceError) -> any ImageProvider {
        guard let name else { return providers[0] }
        guard let provider = providers.first(where: { $0.name == name }) else {
            let known = providers.map(\.name).joined(separator: ", ")
            throw .invalidParams(at: "/provider", expected: "one of \(known), found \"\(name)\"")
        }
        return provider
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
