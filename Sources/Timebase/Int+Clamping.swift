extension Int {
    /// The nearest integer to a whole number; 0 for NaN. `Int(_:)` ends the process on 1e30 and on NaN.
    init(clamping value: Double) {
        if let exact = Int(exactly: value) {
            self = exact
        } else if value.isNaN {
            self = 0
        } else {
            self = value < 0 ? .min : .max
        }
    }
}
