// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Assigns the `seq` of status messages: consecutive numbers across all jobs that are never used twice, restarts included.
///
/// `JobStore.append` takes a number for each message in the transaction that stores it, and starts from the highest number ever stored.
final class StatusSequence: Sendable {
    private let last: Mutex<Int>

    /// - Parameter last: the highest `seq` that was ever stored; 0 for an empty store.
    init(last: Int) {
        self.last = Mutex(last)
    }

    /// The next `seq`.
    func next() -> Int {
        last.withLock { last in
            last += 1
            return last
        }
    }
}
