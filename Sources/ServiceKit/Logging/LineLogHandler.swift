import Calls
import FoundationEssentials
package import Logging
import Untrusted

/// Log lines for people and for `grep` on standard error:
/// `2026-11-23T12:00:00.000Z info clipper/clipper-1 published path=/run/...`
///
/// A line has at most `TextBound.logLine` bytes and no control characters, whatever it quotes: it cannot be mistaken for two, nor
/// reach the reader's terminal. Logging never blocks; see `LogOutput`.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level {
        get { ownLevel ?? level.current }
        set { ownLevel = newValue }
    }
    package var metadata: Logger.Metadata = [:]
    /// What each line has of the context in which it is written.
    package var metadataProvider: Logger.MetadataProvider? = CallContext.metadataProvider
    private let label: String
    private let output: LogOutput
    /// Of the process.
    private let level: LogLevel
    /// Of this logger alone, where it was set.
    private var ownLevel: Logger.Level?

    package init(label: String, level: LogLevel, output: LogOutput = .standardError) {
        self.label = label
        self.output = output
        self.level = level
    }

    package init(label: String, level: Logger.Level, output: LogOutput = .standardError) {
        self.init(label: label, level: LogLevel(level), output: output)
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = (metadataProvider?.get() ?? [:]).merging(metadata) { _, own in own }
            .merging(event.metadata ?? [:]) { _, own in own }
        output.write(
            Self.line(level: "\(event.level)", label: label, message: "\(event.message)", metadata: all))
    }

    /// One line, newline included.
    static func line(level: String, label: String, message: String, metadata: Logger.Metadata = [:]) -> String {
        let time = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        var line = "\(time) \(level) \(clean(label)) \(clean(message))"
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(clean(name))=\(quote("\(value)"))"
        }
        return line.bounded(to: TextBound.logLine - 1) + "\n"
    }

    private static func clean(_ text: String) -> String { text.bounded(to: TextBound.logLine).printable() }

    /// The text as a value: in quotes where it is empty or holds white space or quotes.
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
