package import Logging

/// The parameters of `rpc.loglevel`.
package struct SetLogLevel: Codable, Sendable {
    /// The least severe level that is logged from now on; absent to ask only.
    package var level: Logger.Level?

    package init(level: Logger.Level? = nil) {
        self.level = level
    }
}

/// What `rpc.loglevel` answers.
package struct LogLevelState: Codable, Sendable {
    /// The least severe level that is logged.
    package var level: Logger.Level

    package init(level: Logger.Level) {
        self.level = level
    }
}
