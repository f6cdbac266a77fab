import Glibc
import JSON
import ServiceKit
import Untrusted

/// Standard output: a person's screen, or a file.
enum Terminal {
    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Prints lines of our own making. Values from outside are made printable where a line is composed; what is left of
    /// controls here is escaped, and line feeds stay.
    static func print(_ text: String) { FileHandleOutput.output(text.printable(lineBreaks: .kept) + "\n") }

    /// Prints a value as indented JSON.
    static func printJSON(_ value: some Encodable) throws {
        print(json: try JSONCoding.pretty(value))
    }

    /// Prints JSON text: the same value, without controls for the terminal.
    static func print(json text: String) { FileHandleOutput.output(text.printableJSON() + "\n") }

    /// A line on standard error.
    static func printError(_ text: String) {
        FileHandleOutput.error(text.printable(lineBreaks: .kept) + "\n")
    }

    /// Columns of the screen.
    static var width: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
}

/// Rows in aligned columns; what a cell has beyond 200 bytes is cut.
struct TextTable {
    var header: [String]
    var rows: [[String]] = []

    init(_ header: String...) {
        self.header = header
    }

    var text: String {
        let all = ([header] + rows).map { row in row.map { $0.bounded(to: TextBound.quotation).printable() } }
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
                .joined(separator: "  ").trimmingTrailingSpace
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmingTrailingSpace: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
