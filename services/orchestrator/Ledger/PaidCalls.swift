import Contracts
import Faults

extension ServiceError {
    /// Whether a call that was stopped ended without a reply that reports what it has spent.
    var isUnsettled: Bool {
        switch cause {
        case .notSettled, .replicaLost, .replicaBroken: true
        default: false
        }
    }
}

extension JobEvent {
    /// Whether the event is the end of a paid call, which needs no settlement then.
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
