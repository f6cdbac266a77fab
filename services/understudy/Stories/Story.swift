import Contracts
import Faults
import Untrusted

/// One status message as a line for people.
enum StatusLine {
    static func text(_ message: StatusMessage) -> String {
        let time = message.ts.text.dropFirst(11).dropLast(1)
        let share = message.progress.map { " \($0.done)/\($0.total)" } ?? ""
        return "\(time) \(message.agentNumber.name) \(message.status.rawValue)\(share): \(message.message.printable())"
    }
}

/// Jobs in words.
enum Story {
    static func text(_ view: JobView) -> String {
        var lines = [
            "job \(view.jobID): \(view.state.rawValue), user \(view.userID), session \(view.sessionID)".printable()
        ]
        for (agent, view) in view.agents.sorted(by: { $0.key < $1.key }) {
            lines.append("\(agent.name): \(view.status.rawValue), \(view.message.printable())")
        }
        var table = TextTable("SEGMENT", "SECONDS", "STATE", "MAKER", "COST")
        for segment in view.segments {
            table.rows.append([
                segment.segmentID, "\(segment.duration)", segment.state.rawValue, segment.maker?.name ?? "-",
                segment.cost.text,
            ])
        }
        if !view.segments.isEmpty { lines.append(table.text) }
        lines += view.warnings.map { "warning: \($0.printable())" }
        if let error = view.error { lines.append("error: \(error.message.printable())") }
        if let video = view.videoURL { lines.append("film: \(video.printable())") }
        lines.append(view.costs.line)
        if let wasted = view.wasted { lines.append("wasted: \(wasted.text)") }
        if let unknown = view.unknown { lines.append("unknown: perhaps \(unknown.text) more") }
        return lines.joined(separator: "\n")
    }

    /// A table of stage times.
    static func stages(_ stages: [StageTime]) -> String {
        var table = TextTable("STAGE", "SECONDS")
        for stage in stages { table.rows.append([stage.stage.rawValue, seconds(stage.seconds)]) }
        return table.text
    }

    private static func seconds(_ value: Double) -> String {
        let hundredths = Int(clamping: (value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
