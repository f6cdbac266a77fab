// SPDX-License-Identifier: Apache-2.0

/// The static properties of a service.
package struct ServiceDescription: Sendable {
    /// The name of the executable and of the folder in the run directory, such as `clipper`.
    package let name: String
    /// One sentence for `--help` and `rpc.discover`.
    package let about: String
    /// The number of slots for calls of methods with load `work`, unless `UNDERSTUDY_CAPACITY` is set.
    package let capacity: Int
    /// Whether a run directory may contain at most one replica.
    package let isSingleton: Bool

    /// Creates a description.
    package init(_ name: String, about: String, capacity: Int, isSingleton: Bool = false) {
        self.name = name
        self.about = about
        self.capacity = capacity
        self.isSingleton = isSingleton
    }
}
