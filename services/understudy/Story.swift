import Contracts
import JSONRPC

/// One status message as a line for people.
enum StatusLine {
    static func text(_ message: StatusMessage) -> String {
        let time = message.ts.text.dropFirst(11).dropLast(1)
        let share = message.progress.map { " \($0.done)/\($0.total)" } ?? ""
        return "\(time) \(message.agentNumber) \(message.status.rawValue)\(share): \(message.message)"
    }
}

/// Jobs and receipts in words.
enum Story {
    static func text(_ view: JobView) -> String {
        var lines = ["job \(view.jobID): \(view.state.rawValue), user \(view.userID), session \(view.sessionID)"]
        for (name, agent) in view.agents.sorted(by: { $0.key < $1.key }) {
            lines.append("\(name): \(agent.status.rawValue), \(agent.message)")
        }
        var table = TextTable("SEGMENT", "SECONDS", "STATE", "MAKER", "COST")
        for segment in view.segments {
            table.rows.append([
                segment.segmentID, "\(segment.duration)", segment.state.rawValue, segment.maker ?? "-",
                segment.cost.text,
            ])
        }
        if !view.segments.isEmpty { lines.append(table.text) }
        lines += view.warnings.map { "warning: \($0)" }
        if let error = view.error { lines.append("error: \(error.message)") }
        if let video = view.videoURL { lines.append("film: \(video)") }
        lines.append(view.costs.line)
        return lines.joined(separator: "\n")
    }

    static func text(_ receipt: Receipt) -> String {
        var lines = ["job \(receipt.jobID): \(receipt.state.rawValue)"]
        if let takeover = receipt.takeover {
            let provider = takeover.provider.map { " (\($0))" } ?? ""
            lines.append("Agent5\(provider) failed: \(takeover.reason) [\(takeover.kind.rawValue)]")
            lines.append("Agent6 stepped in at \(takeover.at.text)")
        } else if receipt.segments.contains(where: { $0.maker == "Agent5" }) {
            lines.append("Agent5 made the film; nobody had to step in")
        }
        let leadTries = receipt.attempts.filter { $0.agent == "Agent5" && $0.work == "film" }
        if !leadTries.isEmpty { lines.append("attempts on Agent5: \(leadTries.count)") }
        let makers = receipt.segments.compactMap(\.maker)
        for maker in Set(makers).sorted() {
            let count = makers.count { $0 == maker }
            lines.append("\(maker) made \(count) of \(receipt.segments.count) segments")
        }
        let reused = receipt.segments.filter(\.reused).count
        if reused > 0 { lines.append("kept from an earlier run: \(reused)") }
        if receipt.wasted > .zero { lines.append("paid for nothing: \(receipt.wasted.text)") }
        lines += receipt.warnings.map { "warning: \($0)" }
        if let error = receipt.error { lines.append("error: \(error.message)") }
        if let video = receipt.videoURL { lines.append("film: \(video)") }
        lines.append(receipt.costs.line)
        lines.append(stages(receipt.stages))
        return lines.joined(separator: "\n")
    }

    /// A table of stage times.
    static func stages(_ stages: [StageTime]) -> String {
        var table = TextTable("STAGE", "SECONDS")
        for stage in stages { table.rows.append([stage.stage, seconds(stage.seconds)]) }
        return table.text
    }

    private static func seconds(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
