// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Untrusted

/// A job in words.
enum JobSummary {
    /// The state of a job: agents, segments, warnings, film and costs.
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
        if let unknown = view.unknown { lines.append("unknown: up to \(unknown.text) more may have been charged") }
        return lines.joined(separator: "\n")
    }

    /// A table of stage times.
    static func stages(_ stages: [StageTime]) -> String {
        var table = TextTable("STAGE", "SECONDS")
        for stage in stages {
            table.rows.append([stage.stage.rawValue, Formatting.decimal(max(stage.seconds, 0), places: 2)])
        }
        return table.text
    }
}
