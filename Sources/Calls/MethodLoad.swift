// SPDX-License-Identifier: Apache-2.0

/// Whether a call occupies one of the slots of its service.
package enum MethodLoad: String, Sendable, Codable {
    /// Answered from memory or a small file; never rejected for lack of capacity. Calls with small parameters begin on the connection's
    /// event loop, so a handler must neither block nor compute for long before it suspends.
    case light
    /// Occupies one of the service's slots (`capacity`) until it ends.
    case work
}
