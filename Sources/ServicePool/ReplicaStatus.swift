// SPDX-License-Identifier: Apache-2.0

import Calls
import Untrusted

/// The state of a replica as seen by this client.
package struct ReplicaStatus: Sendable {
    /// The replica's name.
    package let instance: String
    /// Whether the replica accepts calls.
    package let health: ReplicaSet.Health
    /// The number of this client's calls in flight.
    package let inFlight: Int
    /// The replica's number of slots; absent until its first health report.
    package let capacity: Int?
}
