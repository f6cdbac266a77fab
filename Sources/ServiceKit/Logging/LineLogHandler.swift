// SPDX-License-Identifier: Apache-2.0

import Calls
import FoundationEssentials
package import Logging
import Untrusted

/// A log handler that writes one line per event, for people and for `grep`:
/// `2026-11-23T12:00:00.000Z info clipper/clipper-1 serving socket=/run/...`
///
/// A line has at most `TextBound.logLine` bytes and no control characters, so that logged text can neither forge a second line nor
/// control the reader's terminal. Logging never blocks; see `LogOutput`.
package struct LineLogHandler: LogHandler {
    /// The logger's own level if it was set, otherwise the level of the process.
    package var logLevel: Logger.Level {
        get { ownLevel ?? level.current }
        set { ownLevel = newValue }
    }
    /// The logger's metadata.
    package var metadata: Logger.Metadata = [:]
    /// Provides metadata of the current context; job and trace by default.
    package var metadataProvider: Logger.MetadataProvider? = CallContext.metadataProvider
    private let label: String
    private let output: LogOutput
    /// The level of the process.
    private let level: LogLevel
    /// The level of this logger, if it was set.
    private var ownLevel: Logger.Level?

    /// Creates a handler that follows the process's log level.
    package init(label: String, level: LogLevel, output: LogOutput = .standardError) {
        self.label = label
        self.output = output
        self.level = level
    }

    /// Creates a handler with a fixed level.
    package init(label: String, level: Logger.Level, output: LogOutput = .standardError) {
        self.init(label: label, level: LogLevel(level), output: output)
    }

    /// The metadata value of a key.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes an event. Its metadata take precedence over the logger's, and those over the context's.
    package func log(event: LogEvent) {
        let merged = (metadataProvider?.get() ?? [:]).merging(metadata) { _, own in own }
            .merging(event.metadata ?? [:]) { _, own in own }
        output.write(
            Self.line(level: "\(event.level)", label: label, message: "\(event.message)", metadata: merged))
    }

    /// Formats one line, newline included.
    static func line(level: String, label: String, message: String, metadata: Logger.Metadata = [:]) -> String {
        let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        var line = "\(time) \(level) \(clean(label)) \(clean(message))"
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(clean(name))=\(quote("\(value)"))"
        }
        return line.bounded(to: TextBound.logLine - 1) + "\n"
    }

    private static func clean(_ text: String) -> String { text.bounded(to: TextBound.logLine).printable() }

    /// The text as a metadata value: in quotes if it is empty or contains white space, quotes or backslashes.
    private static func quote(_ text: String) -> String {
        let text = text.bounded(to: TextBound.logLine)
        let isPlain =
            !text.isEmpty && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "\"" || $0 == "\\" }
        guard !isPlain else { return text.printable() }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return (quoted + "\"").printable()
    }
}
