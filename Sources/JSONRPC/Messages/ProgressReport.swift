package import JSON
import Untrusted

/// How far a long call is: the `rpc.progress` notification.
package struct ProgressReport: Sendable, Equatable {
    /// 0 to 1.
    package var fraction: Double
    /// One line for a person.
    package var message: String
    /// Further members, as the method documents them.
    package var extra: [String: JSONValue]

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

    /// Reads the notification's `params`; odd values become harmless ones.
    package init(members: [String: JSONValue]) {
        var extra = members
        let fraction = extra.removeValue(forKey: "fraction")?.double ?? 0
        let message = extra.removeValue(forKey: "message")?.string ?? ""
        extra["id"] = nil
        self.init(fraction: fraction, message: message, extra: extra)
    }
}
