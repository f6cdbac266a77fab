import Contracts
import Foundation
import Testing

@testable import Orchestrator

/// Journals fold to what they always folded to: messages, work, view and receipt after each event of seeded random jobs.
///
/// `UNDERSTUDY_RECORD_GOLDEN=1` records `Golden/machine.txt` again; `UNDERSTUDY_GOLDEN_TEXTS=<folder>` writes the whole texts of each
/// seed into a folder, to compare two versions.
@Suite struct JobMachineGoldenTests {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/machine.txt")
    private static let environment = ProcessInfo.processInfo.environment

    /// One job: of any events, or of such as mostly end what the job waits for.
    private struct Run {
        let lines: [String]
        let whole: String

        init(seed: UInt64) throws {
            var dice = EventDice(seed: seed)
            if seed >= 56 { dice.stitchBackend = .local }
            let isFitting = seed % 8 > 2
            let spec = JobSpec(
                jobID: "j", userID: "u", sessionID: "s", entry: dice.entry(), options: dice.options())
            var machine = JobMachine(spec: spec, createdAt: Timestamp(milliseconds: 0))
            var now: Int64 = 0
            var lines = ["seed \(seed) \(spec.entry)"]
            var whole = ""
            for number in 0..<(isFitting ? 70 : 40) {
                let startedAt = Timestamp(milliseconds: now)
                now = dice.moment(after: now)
                let event =
                    if isFitting {
                        dice.fitting(machine, startedAt)
                    } else if number == 0 {
                        JobEvent.started
                    } else if number == 1 {
                        JobEvent.loaded(MachineScene.plan(4, stitchBackend: dice.stitchBackend))
                    } else {
                        dice.event(startedAt)
                    }
                let drafts = machine.apply(event, at: Timestamp(milliseconds: now))
                let golden = try GoldenText(machine, drafts)
                let name = Mirror(reflecting: event).children.first?.label ?? "\(event)"
                lines.append("\(name) \(golden.line)")
                whole += "\(number) \(name)\n\(golden.whole)"
            }
            self.lines = lines
            self.whole = whole
        }
    }

    @Test("seeded jobs show after each event what they showed when the golden file was recorded")
    func golden() throws {
        let runs = try (0..<72).map { try Run(seed: $0) }
        if let folder = Self.environment["UNDERSTUDY_GOLDEN_TEXTS"] {
            for (seed, run) in runs.enumerated() {
                try Data(run.whole.utf8).write(to: URL(filePath: "\(folder)/seed-\(seed).txt"))
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
            // One job that differs once differs to its end: its first line is enough.
            if line != old {
                Issue.record("\(seed), line \(number + 1): \(line), recorded as \(old)")
                break
            }
        }
    }
}
