// SPDX-License-Identifier: Apache-2.0

/// Result of replacing the sound of a clip.
package struct AudioReplacementReport: Sendable, Equatable {
    /// Duration of the narration in seconds, before it was cut or padded.
    package let audioDuration: Double
    /// Silence added after the narration, in seconds.
    package let padded: Double
    /// Narration cut at its end, in seconds.
    package let trimmed: Double
}
