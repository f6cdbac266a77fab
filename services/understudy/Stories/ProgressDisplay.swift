import Contracts
import Untrusted

/// The live picture of a job: a line a message on a plain output; on a terminal a block of segments that is drawn anew.
struct ProgressDisplay {
    private struct Row {
        var id: String
        var text = "waiting"
        var isDone = false
    }

    private let isInteractive: Bool
    private var rows: [Row] = []
    private var drawn = 0
    private let print: (String) -> Void

    init(segments: [String], isInteractive: Bool, print: @escaping (String) -> Void) {
        self.isInteractive = isInteractive
        self.print = print
        rows = segments.map { Row(id: $0.printable()) }
    }

    /// The segments become known while the job runs.
    mutating func know(_ segments: [String]) {
        if rows.isEmpty { rows = segments.map { Row(id: $0.printable()) } }
    }

    mutating func show(_ message: StatusMessage) {
        guard isInteractive else {
            print(StatusLine.text(message) + "\n")
            return
        }
        if let id = message.segmentId, let index = rows.firstIndex(where: { $0.id == id }) {
            rows[index].text = message.message.printable()
            rows[index].isDone = message.message.hasPrefix("narrated")
        }
        var block = drawn > 0 ? "\u{1B}[\(drawn)A" : ""
        var lines = [StatusLine.text(message)]
        // More rows than a screen holds would run away: then the message alone is shown.
        if rows.count <= 20 {
            lines += rows.map { "  \($0.isDone ? "●" : $0.text == "waiting" ? "○" : "◐") \($0.id)  \($0.text)" }
        }
        lines.append("  \(Self.bar(message.progress?.fraction ?? 0))  \(message.costs.total.text)")
        for line in lines { block += "\u{1B}[2K" + String(line.prefix(Terminal.width - 1)) + "\n" }
        drawn = lines.count
        print(block)
    }

    /// Twenty-four steps of a bar.
    static func bar(_ fraction: Double) -> String {
        let filled = Int((fraction.clamped(to: 0...1) * 24).rounded())
        return String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    }
}
