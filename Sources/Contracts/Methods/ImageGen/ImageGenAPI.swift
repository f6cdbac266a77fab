// SPDX-License-Identifier: Apache-2.0

package import Calls

/// The API of `imagegen`: generates stills.
///
/// ```swift
/// let request = GenerateImage(prompt: "a hill", width: 1920, height: 1080, output: "file:///a.png")
/// let still = try await pools.call(ImageGenAPI.generate, request)
/// ```
package enum ImageGenAPI {
    /// `imagegen.generate`: generates an image for a prompt and stores it as an artifact.
    package static let generate = Method<GenerateImage, GeneratedImage>(
        "imagegen.generate", of: .imagegen, idempotent: true, settlementTimeout: .seconds(5),
        summary: "Generates an image for a prompt and stores it as an artifact.")
    /// `imagegen.providers`: lists the configured providers.
    package static let providers = Method<NoParams, ImageProviders>(
        "imagegen.providers", of: .imagegen, idempotent: true, load: .light,
        summary: "Lists the configured providers, the default among them, and what each can do.")
    /// `imagegen.breaker`: returns or overrides the state of a provider's breaker.
    package static let breaker = Method<ProviderBreakerRequest, BreakerView>(
        "imagegen.breaker", of: .imagegen, idempotent: true, load: .light,
        summary: "Returns the state of a provider's breaker; opens, closes or resets it if asked.")
}
