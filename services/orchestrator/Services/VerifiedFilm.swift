// SPDX-License-Identifier: Apache-2.0

/// A film that passed its check.
struct VerifiedFilm: Sendable {
    /// The artifact URI.
    var video: String
    /// The measured duration of its video in seconds.
    var seconds: Double
    /// Deviating measurements, one sentence each.
    var warnings: [String]
}
