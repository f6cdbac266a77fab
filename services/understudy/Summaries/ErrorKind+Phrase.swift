// SPDX-License-Identifier: Apache-2.0

import Faults

extension ErrorKind {
    /// The kind of failure in words, e.g. `no credit left`.
    var phrase: String {
        switch self {
        case .unavailable: "not available"
        case .timeout: "took too long"
        case .rateLimited: "too many requests"
        case .quotaExhausted: "no credit left"
        case .contentRejected: "content rejected"
        case .corruptMedia: "a broken file"
        case .unauthorized: "not allowed"
        case .notFound: "not found"
        case .busy: "busy"
        case .tooLarge: "too large"
        case .cancelled: "cancelled"
        default: rawValue.replacing("_", with: " ")
        }
    }
}
