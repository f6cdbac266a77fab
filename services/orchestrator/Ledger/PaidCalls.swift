// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

extension ServiceError {
    /// Whether a stopped call ended without a reply that reports its cost.
    var isUnsettled: Bool {
        switch cause {
        case .notSettled, .replicaLost, .replicaBroken: true
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
