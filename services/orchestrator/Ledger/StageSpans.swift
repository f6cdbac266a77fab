// SPDX-License-Identifier: Apache-2.0

import Contracts

/// The start and end of each stage of a run. Stages may overlap; repeated parts of a stage extend its span.
struct StageSpans: Sendable {
    private var spans: [(stage: JobStage, start: Timestamp, end: Timestamp)] = []

    /// Records that a stage was active from `start` to `end`.
    mutating func record(_ stage: JobStage, from start: Timestamp, to end: Timestamp) {
        let start = min(start, end)
        if let index = spans.firstIndex(where: { $0.stage == stage }) {
            spans[index].start = min(spans[index].start, start)
            spans[index].end = max(spans[index].end, end)
        } else {
            spans.append((stage, start, end))
        }
    }

    /// The stages in the order of their start.
    var times: [StageTime] {
        spans.sorted { $0.start < $1.start }.map {
            StageTime(
                stage: $0.stage, startedAt: $0.start,
                seconds: Double($0.end.milliseconds - $0.start.milliseconds) / 1000)
        }
    }
}
