// SPDX-License-Identifier: Apache-2.0

import Contracts
import Untrusted

/// The progress of a job: one line for each message in a file, and on a terminal a block of segments that is redrawn.
struct ProgressDisplay {
    private struct Row {
        var id: String
        var text = "waiting"
        var isDone = false
    }

    private let isInteractive: Bool
    private var rows: [Row] = []
    private var drawnLines = 0
    private let print: (String) -> Void

    /// - Parameters:
    ///   - segments: the IDs of the segments, if they are known.
    ///   - isInteractive: whether the output is a terminal.
    ///   - print: writes a text without a line feed.
    init(segments: [String], isInteractive: Bool, print: @escaping (String) -> Void) {
        self.isInteractive = isInteractive
        self.print = print
        rows = segments.map { Row(id: $0.printable()) }
    }

    /// Sets the IDs of the segments, once.
    mutating func setSegments(_ segments: [String]) {
        if rows.isEmpty { rows = segments.map { Row(id: $0.printable()) } }
    }

    /// Prints a status message.
    mutating func show(_ message: StatusMessage) {
        guard isInteractive else {
            print(StatusLine.text(message) + "\n")
            return
        }
        if let id = message.segmentId, let index = rows.firstIndex(where: { $0.id == id }) {
            rows[index].text = message.message.printable()
            rows[index].isDone = message.message.hasPrefix("narrated")
        }
        var block = drawnLines > 0 ? "\u{1B}[\(drawnLines)A" : ""
        var lines = [StatusLine.text(message)]
        // Rows that scroll off the screen cannot be redrawn: beyond 20 segments only the message is shown.
        if rows.count <= 20 {
            lines += rows.map { "  \($0.isDone ? "●" : $0.text == "waiting" ? "○" : "◐") \($0.id)  \($0.text)" }
        }
        lines.append("  \(Self.bar(message.progress?.fraction ?? 0))  \(message.costs.total.text)")
        for line in lines { block += "\u{1B}[2K" + String(line.prefix(Terminal.width - 1)) + "\n" }
        drawnLines = lines.count
        print(block)
    }

    /// A progress bar of 24 characters.
    static func bar(_ fraction: Double) -> String {
        let filled = Int((fraction.clamped(to: 0...1) * 24).rounded())
        return String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    }
}
