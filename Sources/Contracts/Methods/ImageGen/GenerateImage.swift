// SPDX-License-Identifier: Apache-2.0

/// The parameters of `imagegen.generate`.
package struct GenerateImage: Codable, Sendable {
    /// What the image shows, 1 to 32,000 characters.
    package var prompt: String
    /// The width in pixels, 16 to 8192.
    package var width: Int
    /// The height in pixels, 16 to 8192.
    package var height: Int
    /// The artifact URI that the image is written to.
    package var output: String
    /// One of `imagegen.providers`; the chain of default providers if absent.
    package var provider: String?
    /// The provider's name of the model; its default if absent.
    package var model: String?
    /// The provider's name of the quality; its default if absent.
    package var quality: String?
    /// The seed, for providers that support reproducible images.
    package var seed: Int?
    /// Identifies this call: a call repeated with the same key returns the same image, which is paid once.
    package var idempotencyKey: String?
    /// Whether to generate the image even if one with the same parameters is cached; `false` if absent.
    package var fresh: Bool?
    /// The number of the attempt, for a caller that records every loss before it pays again: 0 first, then the
    /// `next_attempt` of the failure. Such a call ends at the first order that was, or may have been, charged without a
    /// result. If absent, the call makes all attempts itself.
    package var attempt: Int?
    /// The budget of the call, including orders without a result; unlimited if absent.
    package var maxCost: USD?

    /// Creates a request.
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
