// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON
import Testing

@testable import Understudy

@Suite(.timeLimit(.minutes(1))) struct CommandPartsTests {
    @Test
    func `an option is parsed as a number, a Boolean or a text`() {
        #expect(JobOption(argument: "fade_s=0.5")?.value == .number(0.5))
        #expect(JobOption(argument: "fps=25")?.value == .integer(25))
        #expect(JobOption(argument: "mode=fade")?.value == .string("fade"))
        #expect(JobOption(argument: "x=true")?.value == .bool(true))
        #expect(JobOption(argument: "x=a=b")?.value == .string("a=b"))
        #expect(JobOption(argument: "x") == nil)
        #expect(JobOption(argument: "=1") == nil)
    }

    @Test
    func `replica counts are parsed by service, and invalid ones are rejected`() throws {
        #expect(ReplicaCounts().description == "one of each")
        #expect(try ReplicaCounts.parse("imagegen=2,clipper=3").counts == ["imagegen": 2, "clipper": 3])
        for invalid in ["imagegen", "imagegen=0", "painter=2", "imagegen=x", "orchestrator=2"] {
            #expect(throws: (any Error).self) { try ReplicaCounts.parse(invalid) }
        }
    }

    @Test
    func `the pause before a restart grows exponentially up to a limit`() {
        #expect(RestartBackoff.pause(failures: 0) == .milliseconds(100))
        #expect(RestartBackoff.pause(failures: 3) == .milliseconds(800))
        #expect(RestartBackoff.pause(failures: 60) == .milliseconds(5000))
    }

    @Test
    func `table columns are as wide as their widest cell`() {
        var table = TextTable("A", "LONG")
        table.rows = [["wide cell", "x"], ["é", "y"]]
        #expect(table.text == "A          LONG\nwide cell  x\né          y")
    }

    @Test
    func `an error is one line, and several violations follow on lines of their own`() {
        #expect(
            Failure.text(ServiceError(.invalidParams, "/width: expected 16", detail: "/width"))
                == "error -32602 invalid_params: /width: expected 16")
        #expect(
            Failure.text(ServiceError(.invalidParams, "2 violations", detail: "a\nb"))
                == "error -32602 invalid_params: 2 violations\n  a\n  b")
    }

    @Test
    func `progress is one line per message in a file, and a redrawn block on a terminal`() {
        var lines: [String] = []
        var costs = Costs()
        costs.understudy = USD(0.001)
        let message = StatusMessage(
            seq: 1, ts: Timestamp(milliseconds: 0), jobId: "j", userId: "u", sessionId: "s", supersessionId: nil,
            agentNumber: .understudy, status: .processing, message: "drew the still of a", segmentId: "a",
            progress: Progress(done: 1, total: 3), cost: USD(0.001), costs: costs, jobState: .running)
        var plain = ProgressDisplay(segments: ["a"], isInteractive: false) { lines.append($0) }
        plain.show(message)
        #expect(lines == ["00:00:00.000 Agent6 processing 1/3: drew the still of a\n"])
        lines = []
        var live = ProgressDisplay(segments: ["a", "b"], isInteractive: true) { lines.append($0) }
        live.show(message)
        live.show(message)
        #expect(lines[0].contains("◐ a  drew the still of a") && lines[0].contains("○ b  waiting"))
        #expect(lines[1].hasPrefix("\u{1B}[4A"))
        #expect(ProgressDisplay.bar(0.5) == "████████████░░░░░░░░░░░░")
    }
}
