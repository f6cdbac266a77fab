// SPDX-License-Identifier: Apache-2.0

package import Parameters

/// Bounds of storyboards, and of the calls that carry them.
package enum StoryboardBounds {
    /// The largest size of a storyboard's JSON in bytes.
    package static let bytes = 8 * 1024 * 1024
    /// The largest size in bytes of a request that carries a whole storyboard: half of it is for the other parameters.
    package static let request = 2 * bytes
    /// The number of segments.
    package static let segments = 1...1000
    /// The visual guidance of a segment: what its picture shows.
    package static let guidance = TextRule(1...32_000, .characters)
}
