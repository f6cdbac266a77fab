// SPDX-License-Identifier: Apache-2.0

/// Bounds of the calls that encode or decode media.
package enum RenderBounds {
    /// The stall timeout: how long a call may run without a progress report.
    ///
    /// Encoders and decoders report several times a second. `stitcher` also reports while it waits for a store or for
    /// MediaConvert.
    package static let stall = Duration.seconds(600)
}
