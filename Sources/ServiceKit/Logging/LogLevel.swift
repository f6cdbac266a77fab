// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// The log level of a process: the least severe level that is logged. All loggers share it, so that it can be changed at run time.
package final class LogLevel: Sendable {
    private let index: Atomic<Int>

    /// Creates a level.
    package init(_ level: Logger.Level) {
        index = Atomic(Self.index(of: level))
    }

    /// The current level.
    package var current: Logger.Level {
        get { Logger.Level.allCases[index.load(ordering: .relaxed)] }
        set { index.store(Self.index(of: newValue), ordering: .relaxed) }
    }

    private static func index(of level: Logger.Level) -> Int { Logger.Level.allCases.firstIndex(of: level) ?? 0 }
}
