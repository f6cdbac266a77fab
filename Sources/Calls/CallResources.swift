// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Retains values, such as pins on files, until a call and the work that it started have ended. They are released with this object.
package final class CallResources: Sendable {
    private let retained = Mutex<[any Sendable]>([])

    /// Creates an empty collection.
    package init() {}

    /// Retains a value until this object is released.
    package func retain(_ value: some Sendable) {
        retained.withLock { $0.append(value) }
    }
}
