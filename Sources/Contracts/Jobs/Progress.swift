// SPDX-License-Identifier: Apache-2.0

/// The number of completed steps out of all steps.
package struct Progress: Codable, Sendable, Equatable {
    /// The number of completed steps.
    package var done: Int
    /// The number of all steps.
    package var total: Int
    /// The completed share, 0 to 1, rounded to hundredths; 0 if there are no steps.
    package var fraction: Double

    /// Creates a progress and computes its fraction.
    package init(done: Int, total: Int) {
        self.done = done
        self.total = total
        fraction = total == 0 ? 0 : (Double(done) / Double(total) * 100).rounded() / 100
    }
}
