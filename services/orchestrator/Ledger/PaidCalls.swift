// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

extension ServiceError {
    /// Whether a paid call ended without a reply that reports its cost. An unreachable service counts too: an earlier attempt may have been
    /// sent and lost.
    var isUnsettled: Bool {
        switch cause {
        case .notSettled, .replicaUnreachable, .replicaLost, .replicaBroken: true
        default: false
        }
    }
}

extension JobEvent {
    /// Whether the event reports the end of a paid call, whose cost is booked with it.
    func ends(_ work: JobWork) -> Bool {
        switch (self, work) {
        case (.imageMade(let index, _, _), .still(let segment, _, _)),
            (.imageFailed(let index, _, _), .still(let segment, _, _)),
            (.stillFailed(let index, _, _), .still(let segment, _, _)):
            index == segment
        case (.leadDelivered, .lead), (.leadFailed, .lead), (.leadBarred, .lead): true
        default: false
        }
    }
}
