// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import ServiceKit
import Untrusted

/// Output of commands, to a terminal or a file.
enum Terminal {
    /// Whether standard output is a terminal.
    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether standard error is a terminal.
    static var showsErrors: Bool { isatty(STDERR_FILENO) == 1 }

    /// Prints lines on standard output. Control characters are escaped, except line feeds; callers make foreign values printable, line
    /// feeds included, when they compose a line.
    static func print(_ text: String) { StandardStreams.output(text.printable(lineFeeds: .preserved) + "\n") }

    /// Prints lines in place of what a terminal shows; into a file after what was printed before.
    static func printScreen(_ text: String) {
        if isInteractive { StandardStreams.output("\u{1B}[H\u{1B}[2J") }
        print(text + (isInteractive ? "" : "\n"))
    }

    /// Prints a value as indented JSON.
    static func printJSON(_ value: some Encodable) throws {
        print(json: try JSONCoding.pretty(value))
    }

    /// Prints JSON text with escapes in place of control characters.
    static func print(json text: String) { StandardStreams.output(text.printableJSON() + "\n") }

    /// Prints a line on standard error. Control characters are escaped.
    static func printError(_ text: String) {
        StandardStreams.error(text.printable(lineFeeds: .preserved) + "\n")
    }

    /// The columns of the terminal; 80 for files.
    static var width: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
}
