// SPDX-License-Identifier: Apache-2.0

/// The result of `imagegen.generate`.
package struct GeneratedImage: Codable, Sendable {
    /// The artifact URI of the image.
    package var image: String
    /// The width of the returned image in pixels.
    package var width: Int
    /// The height of the returned image in pixels.
    package var height: Int
    /// The media type of the file, such as `image/png`.
    package var mediaType: String
    /// The provider that generated the image.
    package var provider: String
    /// The model that generated the image.
    package var model: String
    /// What the image cost.
    package var cost: USD
    /// The number of requests to the provider, including the successful one.
    package var attempts: Int
    /// Whether the image was taken from the cache; `cached` on the wire.
    package var isCached: Bool
    /// What the image would have cost if it had not been cached.
    package var saved: USD?
    /// What the user should know although the image was generated.
    package var warnings: [String]?
    /// What was spent, beside `cost`, on unusable results; absent if there is none.
    package var wasted: USD?
    /// The price of orders of which it is unknown whether the provider charged for them; absent if there are none.
    package var unknown: USD?

    /// Creates a result. `wasted` and `unknown` are absent.
    package init(
        image: String, width: Int, height: Int, mediaType: String, provider: String, model: String, cost: USD,
        attempts: Int, isCached: Bool, saved: USD? = nil, warnings: [String]? = nil
    ) {
        self.image = image
        self.width = width
        self.height = height
        self.mediaType = mediaType
        self.provider = provider
        self.model = model
        self.cost = cost
        self.attempts = attempts
        self.isCached = isCached
        self.saved = saved
        self.warnings = warnings
    }

    private enum CodingKeys: String, CodingKey {
        case image, width, height, provider, model, attempts, warnings
        case isCached = "cached"
        case mediaType = "media_type"
        case cost = "cost_usd"
        case saved = "saved_usd"
        case wasted = "wasted_usd"
        case unknown = "unknown_usd"
    }
}
