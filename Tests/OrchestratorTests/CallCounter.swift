// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Numbers calls from 0.
final class CallCounter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            defer { count += 1 }
            return count
        }
    }
}
