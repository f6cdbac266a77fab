// SPDX-License-Identifier: Apache-2.0

/// Result of converting a film.
package struct ConversionReport: Sendable, Equatable {
    /// Duration of the pictures in seconds, counted from the start of the sound if that precedes them.
    package let duration: Double
    /// Why the pictures were encoded; `nil` if they were copied.
    package let encodedPictures: String?
    /// Why the sound was encoded; `nil` if it was copied, or there is none.
    package let encodedSound: String?
}
