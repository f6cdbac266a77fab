// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Testing

@testable import Orchestrator

/// Compares the messages, work, view and receipt after each event of seeded random jobs with recorded ones, so that stored journals
/// keep their meaning.
///
/// `UNDERSTUDY_RECORD_GOLDEN=1` records `Golden/machine.txt` again. `UNDERSTUDY_GOLDEN_TEXTS=<folder>` writes the full texts of each
/// seed to a folder, to compare two versions.
@Suite(.timeLimit(.minutes(2))) struct JobMachineGoldenTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/machine.txt")
    private static let environment = ProcessInfo.processInfo.environment

    /// One job, of arbitrary events or of events that mostly match its work.
    private struct Run {
        let lines: [String]
        let fullText: String

        init(seed: UInt64) throws {
            var events = RandomJobEvents(seed: seed)
            if seed >= 56 { events.stitchBackend = .local }
            let isMatching = seed % 8 > 2
            let spec = JobSpec(
                jobID: "j", userID: "u", sessionID: "s", entry: events.entry(), options: events.options())
            var machine = JobMachine(spec: spec, createdAt: Timestamp(milliseconds: 0))
            var now: Int64 = 0
            var lines = ["seed \(seed) \(spec.entry)"]
            var fullText = ""
            for number in 0..<(isMatching ? 70 : 40) {
                let startedAt = Timestamp(milliseconds: now)
                now = events.time(after: now)
                let event =
                    if isMatching {
                        events.matchingEvent(machine, startedAt)
                    } else if number == 0 {
                        JobEvent.started
                    } else if number == 1 {
                        JobEvent.loaded(JobMachineFixture.plan(4, stitchBackend: events.stitchBackend))
                    } else {
                        events.event(startedAt)
                    }
                let drafts = machine.apply(event, at: Timestamp(milliseconds: now))
                let golden = try GoldenText(machine, drafts)
                let name = Mirror(reflecting: event).children.first?.label ?? "\(event)"
                lines.append("\(name) \(golden.line)")
                fullText += "\(number) \(name)\n\(golden.fullText)"
            }
            self.lines = lines
            self.fullText = fullText
        }
    }

    @Test
    func `seeded jobs have the recorded state after each event`() throws {
        let runs = try (0..<72).map { try Run(seed: $0) }
        if let folder = Self.environment["UNDERSTUDY_GOLDEN_TEXTS"] {
            for (seed, run) in runs.enumerated() {
                try Data(run.fullText.utf8).write(to: URL(filePath: "\(folder)/seed-\(seed).txt"))
            }
        }
        let lines = runs.flatMap(\.lines)
        if Self.environment["UNDERSTUDY_RECORD_GOLDEN"] != nil {
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: Self.file)
        }
        let recorded = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines.count == recorded.count)
        var seed = ""
        for (number, (line, old)) in zip(lines, recorded).enumerated() {
            if line.hasPrefix("seed") { seed = line }
            // A job that differs once differs until its end, so report its first line only.
            if line != old {
                Issue.record("\(seed), line \(number + 1): \(line), recorded as \(old)")
                break
            }
        }
    }
}
