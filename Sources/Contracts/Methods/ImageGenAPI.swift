package import Calls

/// `imagegen`: a still for a prompt.
package enum ImageGenAPI {
    package static let generate = Method<GenerateImage, GeneratedImage>(
        "imagegen.generate", of: .imagegen, idempotent: true, settlement: .seconds(5),
        summary: "Draws a picture of a prompt and stores it as an artifact.")
    package static let providers = Method<NoParams, ImageProviders>(
        "imagegen.providers", of: .imagegen, idempotent: true, load: .light,
        summary: "Lists the providers that are configured, which is the default, and what each can do.")
    package static let breaker = Method<ProviderBreakerRequest, BreakerView>(
        "imagegen.breaker", of: .imagegen, idempotent: true, load: .light,
        summary: "Whether a provider is asked at this moment; opens, closes or resets by hand.")
}

package struct GenerateImage: Codable, Sendable {
    /// What the picture shows: 1 to 32,000 characters.
    package var prompt: String
    /// -> pixels.
    package var width: Int
    /// -> pixels.
    package var height: Int
    /// The artifact URI that the picture is written to.
    package var output: String
    /// One of `imagegen.providers`; the default provider if absent.
    package var provider: String?
    package var model: String?
    package var quality: String?
    package var seed: Int?
    package var idempotencyKey: String?
    /// Whether a picture that was made of the same inputs before is not good enough; it is if absent.
    package var fresh: Bool?
    /// Set by a caller that books every loss before it buys again: 0 first, then what the failure's `next_attempt` says. Such a
    /// call ends at the first order that was, or may have been, paid for in vain. If absent, the call makes all attempts itself.
    package var attempt: Int?
    /// What the call may spend, orders in vain included; without a limit if absent.
    package var maxCost: USD?

    package init(
        prompt: String, width: Int, height: Int, output: String, provider: String? = nil, model: String? = nil,
        quality: String? = nil, seed: Int? = nil, idempotencyKey: String? = nil, fresh: Bool? = nil,
        attempt: Int? = nil, maxCost: USD? = nil
    ) {
        self.prompt = prompt
        self.width = width
        self.height = height
        self.output = output
        self.provider = provider
        self.model = model
        self.quality = quality
        self.seed = seed
        self.idempotencyKey = idempotencyKey
        self.fresh = fresh
        self.attempt = attempt
        self.maxCost = maxCost
    }

    private enum CodingKeys: String, CodingKey {
        case prompt, width, height, output, provider, model, quality, seed, fresh, attempt
        case idempotencyKey = "idempotency_key"
        case maxCost = "max_cost_usd"
    }
}

package struct GeneratedImage: Codable, Sendable {
    /// The artifact URI of the picture.
    package var image: String
    /// -> pixels, measured in what came back.
    package var width: Int
    package var height: Int
    package var mediaType: String
    package var provider: String
    package var model: String
    package var cost: USD
    /// How many times the provider was asked, the successful one included.
    package var attempts: Int
    /// Whether a picture made earlier from the same inputs was used.
    package var cached: Bool
    /// What the picture would have cost, had it not been there.
    package var saved: USD?
    /// What the user should know although the picture was made.
    package var warnings: [String]?
    /// What was spent beside `cost` on results that cannot be used; absent if nothing was.
    package var wasted: USD?
    /// What orders may have cost of which no answer says whether the provider took them; absent if there were none.
    package var unknown: USD?

    package init(
        image: String, width: Int, height: Int, mediaType: String, provider: String, model: String, cost: USD,
        attempts: Int, cached: Bool, saved: USD? = nil, warnings: [String]? = nil
    ) {
        self.image = image
        self.width = width
        self.height = height
        self.mediaType = mediaType
        self.provider = provider
        self.model = model
        self.cost = cost
        self.attempts = attempts
        self.cached = cached
        self.saved = saved
        self.warnings = warnings
    }

    private enum CodingKeys: String, CodingKey {
        case image, width, height, provider, model, attempts, cached, warnings
        case mediaType = "media_type"
        case cost = "cost_usd"
        case saved = "saved_usd"
        case wasted = "wasted_usd"
        case unknown = "unknown_usd"
    }
}

package struct ImageProviders: Codable, Sendable {
    package var providers: [ImageProviderInfo]
    /// Names, in the order in which they are asked where a request names none.
    package var chain: [String]?

    package init(providers: [ImageProviderInfo], chain: [String]? = nil) {
        self.providers = providers
        self.chain = chain
    }
}

package struct ImageProviderInfo: Codable, Sendable {
    package var name: String
    package var isDefault: Bool
    package var models: [String]
    /// The largest picture it makes in one piece. -> pixels.
    package var maxWidth: Int
    package var maxHeight: Int
    /// The price of one picture.
    package var cost: USD
    /// Whether it reaches beyond this machine.
    package var needsNetwork: Bool
    /// Whether the chain passes it over at present, since it failed several times in a row; absent where it was not asked yet.
    package var breaker: BreakerState?

    package init(
        name: String, isDefault: Bool, models: [String], maxWidth: Int, maxHeight: Int, cost: USD, needsNetwork: Bool
    ) {
        self.name = name
        self.isDefault = isDefault
        self.models = models
        self.maxWidth = maxWidth
        self.maxHeight = maxHeight
        self.cost = cost
        self.needsNetwork = needsNetwork
    }

    private enum CodingKeys: String, CodingKey {
        case name, models, breaker
        case isDefault = "default"
        case maxWidth = "max_width"
        case maxHeight = "max_height"
        case cost = "cost_usd"
        case needsNetwork = "needs_network"
    }
}
