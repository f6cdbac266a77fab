import Synchronization

/// What is held until a call and the work that it began have ended, e.g. the use of a file: the values go with this object.
package final class CallHoldings: Sendable {
    private let held = Mutex<[any Sendable]>([])

    package init() {}

    package func hold(_ value: some Sendable) {
        held.withLock { $0.append(value) }
    }
}
