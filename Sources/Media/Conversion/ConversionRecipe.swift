// SPDX-License-Identifier: Apache-2.0

package import Timebase

/// Describes a conversion.
package struct ConversionRecipe: Sendable {
    /// Path of the film.
    package var input: String
    /// Seconds to skip from the start of the film: from the first picture, or from the sound that precedes it. 0 for
    /// the whole film.
    package var start = 0.0
    /// Seconds to convert; to the end of the film if absent.
    package var duration: Double?
    /// Width in pixels; that of the film if absent.
    package var width: Int?
    /// Height in pixels; that of the film if absent.
    package var height: Int?
    /// Frame rate; that of the film if absent.
    package var rate: FrameRate?
    /// Whether to encode pictures that could be copied.
    package var encodes = false

    /// Creates a recipe that converts a whole film.
    package init(input: String) { self.input = input }
}
