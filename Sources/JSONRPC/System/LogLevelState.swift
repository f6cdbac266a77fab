// SPDX-License-Identifier: Apache-2.0

package import Logging

/// The result of `rpc.loglevel`.
package struct LogLevelState: Codable, Sendable {
    /// The current log level: the least severe one that is logged.
    package var level: Logger.Level

    /// Creates the result.
    package init(level: Logger.Level) {
        self.level = level
    }
}
