// SPDX-License-Identifier: Apache-2.0

/// The name of a service, which is also the name of its executable and of its folder in the run directory.
///
/// `Contracts` declares the services of this project.
package struct ServiceName: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The name, such as `clipper`.
    package let rawValue: String

    /// Creates a name.
    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The raw value.
    package var description: String { rawValue }
}
