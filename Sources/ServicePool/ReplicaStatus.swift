import Calls
import Untrusted

/// A replica as a caller sees it.
package struct ReplicaStatus: Sendable {
    package let instance: String
    package let health: ReplicaSet.Health
    /// Calls of this caller that are on their way.
    package let inFlight: Int
    package let capacity: Int?
}
