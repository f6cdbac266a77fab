// SPDX-License-Identifier: Apache-2.0

/// A film made by the lead or by the stitcher.
struct Film: Sendable {
    /// The artifact URI.
    let url: String
    /// The duration in seconds.
    var duration: Double
    /// Whether coded frames were copied from the clips instead of being encoded again.
    var isCopied = false
}
