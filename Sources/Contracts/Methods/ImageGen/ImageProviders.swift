// SPDX-License-Identifier: Apache-2.0

/// The result of `imagegen.providers`.
package struct ImageProviders: Codable, Sendable {
    /// The configured providers.
    package var providers: [ImageProviderInfo]
    /// The names of the providers in the order in which they are tried if a request names none.
    package var chain: [String]?

    /// Creates a list of providers.
    package init(providers: [ImageProviderInfo], chain: [String]? = nil) {
        self.providers = providers
        self.chain = chain
    }
}

/// A configured provider and what it can do.
package struct ImageProviderInfo: Codable, Sendable {
    /// The name of the provider.
    package var name: String
    /// Whether requests that name no provider use this one; `default` on the wire.
    package var isDefault: Bool
    /// The names of its models.
    package var models: [String]
    /// The width in pixels of the largest image that it generates in one request.
    package var maxWidth: Int
    /// The height in pixels of the largest image that it generates in one request.
    package var maxHeight: Int
    /// The price of one image.
    package var cost: USD
    /// Whether it connects to other machines.
    package var needsNetwork: Bool
    /// The state of its breaker; absent if it has not been called yet.
    package var breaker: BreakerState?

    /// Creates a provider whose breaker is absent.
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
