import Contracts

/// When each stage of a job began and ended; stages may overlap.
struct StageClock: Sendable {
    private var spans: [(stage: JobStage, start: Timestamp, end: Timestamp)] = []

    mutating func ran(_ stage: JobStage, from start: Timestamp, to end: Timestamp) {
        let start = min(start, end)
        if let index = spans.firstIndex(where: { $0.stage == stage }) {
            spans[index].start = min(spans[index].start, start)
            spans[index].end = max(spans[index].end, end)
        } else {
            spans.append((stage, start, end))
        }
    }

    var times: [StageTime] {
        spans.sorted { $0.start < $1.start }.map {
            StageTime(
                stage: $0.stage, startedAt: $0.start,
                seconds: Double($0.end.milliseconds - $0.start.milliseconds) / 1000)
        }
    }
}
