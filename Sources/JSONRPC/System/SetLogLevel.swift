// SPDX-License-Identifier: Apache-2.0

package import Logging

/// The parameters of `rpc.loglevel`.
package struct SetLogLevel: Codable, Sendable {
    /// The new log level; absent to read the current one.
    package var level: Logger.Level?

    /// Creates parameters.
    package init(level: Logger.Level? = nil) {
        self.level = level
    }
}
