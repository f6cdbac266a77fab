// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text with at most 30 combining marks in a row, the limit of Unicode's Stream-Safe Text Format (UAX #15).
    ///
    /// No writing system needs more. The time to lay out a run is quadratic in its marks: minutes for 30,000.
    package var withBoundedMarks: String {
        var result = String.UnicodeScalarView()
        var marks = 0
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .spacingMark: marks += 1
            default: marks = 0
            }
            if marks <= 30 { result.append(scalar) }
        }
        return String(result)
    }
}
