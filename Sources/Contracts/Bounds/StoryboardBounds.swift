package import Parameters

/// Bounds of storyboards, and of the calls that carry them.
package enum StoryboardBounds {
    /// Bytes of a storyboard's JSON.
    package static let bytes = 8 * 1024 * 1024
    /// Bytes of a request that carries a whole storyboard: its own, and as many for all else.
    package static let request = 2 * bytes
    /// How many segments.
    package static let segments = 1...1000
    /// What a segment's picture shows.
    package static let guidance = TextRule(1...32_000, .characters)
}
