// SPDX-License-Identifier: Apache-2.0

/// The result of one check of `understudy doctor`.
struct Finding {
    /// How a check ended. The raw value is the beginning of its line.
    enum Grade: String {
        case good = "ok  "
        /// Nothing is wrong, or nothing that is required.
        case note = "note"
        case bad = "BAD "
    }

    var grade: Grade
    var subject: String
    var text: String
}
