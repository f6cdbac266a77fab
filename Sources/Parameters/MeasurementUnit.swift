// SPDX-License-Identifier: Apache-2.0

/// The unit of a number.
///
/// The raw value is the unit's symbol, which is the `x-unit` of a schema.
package enum MeasurementUnit: String, Sendable, CaseIterable {
    case seconds = "s"
    case pixels = "px"
    case framesPerSecond = "frames/s"
    case decibels = "dB"
    /// Loudness relative to full scale.
    case loudness = "LUFS"
    case dollars = "USD"
    /// A fraction of a whole: 1 is all of it.
    case share = "1"
    /// A multiplier: 1 changes nothing.
    case factor = "x"
    /// A whole number without a unit; error messages say `a whole number`.
    case number = ""

    /// A range with its unit, as it appears in error messages.
    ///
    /// - Parameter range: `0 to 5`, `0 or more`, ...
    package func phrase(_ range: String) -> String {
        switch self {
        case .seconds: "seconds from \(range)"
        case .pixels: "\(range) pixels"
        case .decibels: "dB from \(range)"
        case .loudness: "LUFS from \(range)"
        case .share: "a share from \(range)"
        case .factor: "a factor from \(range)"
        case .number: "a whole number from \(range)"
        case .framesPerSecond, .dollars: range
        }
    }
}
