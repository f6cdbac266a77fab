// SPDX-License-Identifier: Apache-2.0

import JSON
package import Parameters

extension GenerateImage: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<GenerateImage>] = [
        .text("prompt", { $0.prompt }, ImageBounds.prompt, "What the image shows."),
        .number(
            "width", { $0.width }, ImageBounds.side, "The width of the image, which has at most 64 million pixels."),
        .number(
            "height", { $0.height }, ImageBounds.side, "The height of the image, which has at most 64 million pixels."),
        .value("output", "The artifact URI that the image is written to."),
        .value("provider", "One of imagegen.providers; the chain of the default providers if absent."),
        .value("model", "The provider's name of the model; its default if absent."),
        .value("quality", "The provider's name of the quality; its default if absent."),
        .value("seed", "The seed, for providers that support reproducible images."),
        .value(
            "idempotency_key",
            "Identifies this call: a call repeated with the same key returns the same image, which is paid once."),
        .value("fresh", "Generate the image even if one with the same parameters is cached.", default: false),
        .number(
            "attempt", { $0.attempt }, ImageBounds.attempt,
            "The number of the attempt, for a caller that records every loss before it pays again: 0 first, then the next_attempt of the failure. Such a call ends at the first order that was, or may have been, charged without a result. If absent, the call makes all attempts itself."
        ),
        .number(
            "max_cost_usd", { $0.maxCost }, JobBounds.cost,
            "The budget of the call, including orders without a result; unlimited if absent."),
    ]
}

extension ProviderBreakerRequest: ValidatedParameters {
    /// The members on the wire, with their bounds and descriptions.
    package static let parameters: [Parameter<ProviderBreakerRequest>] = [
        .value("provider", "One of imagegen.providers."),
        .value("action", "What to do with the breaker.", default: "get"),
    ]
}
