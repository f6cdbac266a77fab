import JSON
package import Parameters

extension GenerateImage: Described {
    package static let parameters: [Parameter<GenerateImage>] = [
        .text("prompt", { $0.prompt }, ImageBounds.prompt, "What the picture shows."),
        .number("width", { $0.width }, ImageBounds.side, "The picture's width; it has at most 64 million pixels."),
        .number("height", { $0.height }, ImageBounds.side, "The picture's height; it has at most 64 million pixels."),
        .value("output", "The artifact URI that the picture is written to."),
        .value("provider", "One of imagegen.providers; the chain of the default providers if absent."),
        .value("model", "The provider's own name of a model; its default if absent."),
        .value("quality", "The provider's own name of a quality; its default if absent."),
        .value("seed", "What a provider that can repeat itself begins with."),
        .value("idempotency_key", "Names this call: one that is made again brings the same picture and is paid once."),
        .value("fresh", "Whether a picture made earlier from the same inputs is not good enough.", standard: false),
        .number(
            "attempt", { $0.attempt }, ImageBounds.attempt,
            "Set by a caller that books every loss before it buys again: 0 first, then what the failure's next_attempt says. Such a call ends at the first order that was, or may have been, paid for in vain. If absent, the call makes all attempts itself."
        ),
        .number(
            "max_cost_usd", { $0.maxCost }, JobBounds.cost,
            "What the call may spend, orders in vain included; without a limit if absent."),
    ]
}

extension ProviderBreakerRequest: Described {
    package static let parameters: [Parameter<ProviderBreakerRequest>] = [
        .value("provider", "One of imagegen.providers."),
        .value("action", "What is done to the breaker.", standard: "get"),
    ]
}
