extension String {
    /// The text with at most 30 combining marks in a row, as the Stream-Safe Text Format of Unicode (UAX #15) has it.
    ///
    /// No script stacks more. The layout of a run takes time that grows with the square of its marks: minutes for 30,000.
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
