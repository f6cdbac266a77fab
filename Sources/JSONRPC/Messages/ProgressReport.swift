// SPDX-License-Identifier: Apache-2.0

package import JSON
import Untrusted

/// The progress of a long call, sent as an `rpc.progress` notification.
package struct ProgressReport: Sendable, Equatable {
    /// The completed fraction, 0 to 1.
    package var fraction: Double
    /// One line for a person.
    package var message: String
    /// Additional members, documented by the method.
    package var extra: [String: JSONValue]

    /// Creates a report; the fraction is clamped, the message bounded.
    package init(fraction: Double, message: String, extra: [String: JSONValue] = [:]) {
        self.fraction = fraction.isFinite ? min(max(fraction, 0), 1) : 0
        self.message = message.bounded(to: TextBound.message)
        self.extra = extra
    }

    /// The notification's `params` without the `id`.
    package var members: [String: JSONValue] {
        var members = extra
        members["fraction"] = .number(fraction)
        members["message"] = .string(message)
        return members
    }

    /// Reads the notification's `params`; missing or invalid values are replaced by defaults.
    package init(members: [String: JSONValue]) {
        var extra = members
        let fraction = extra.removeValue(forKey: "fraction")?.double ?? 0
        let message = extra.removeValue(forKey: "message")?.string ?? ""
        extra["id"] = nil
        self.init(fraction: fraction, message: message, extra: extra)
    }
}
