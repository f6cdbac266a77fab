// SPDX-License-Identifier: Apache-2.0

/// Measured loudness of a sound.
package struct Loudness: Sendable, Equatable {
    /// Integrated loudness in LUFS; `nil` for silence.
    package let integrated: Double?
    /// True peak in dBTP; `nil` for silence.
    package let truePeak: Double?
}
