import Faults
package import Parameters

/// Bounds of pictures that are drawn.
package enum ImageBounds {
    /// Of each side.
    package static let side = NumberBound(16...8192, .pixels)
    /// Of the whole picture.
    package static let pixels = 64_000_000
    /// What a picture shows.
    package static let prompt = TextRule(1...32_000, .characters, excess: .tooLarge)
    /// What a failure's `next_attempt` may say.
    package static let attempt = NumberBound(0...1_000_000)
}
