// SPDX-License-Identifier: Apache-2.0

extension Int {
    /// Converts a whole number, clamped to the range of `Int`; 0 for NaN. `Int(_:)` traps on 1e30 and on NaN.
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
