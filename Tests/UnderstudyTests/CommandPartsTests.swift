import Contracts
import Faults
import JSON
import Testing

@testable import Understudy

@Suite struct CommandPartsTests {
    @Test("options are numbers, truths or texts, as they read")
    func options() {
        #expect(JobOption(argument: "fade_s=0.5")?.value == .number(0.5))
        #expect(JobOption(argument: "fps=25")?.value == .integer(25))
        #expect(JobOption(argument: "mode=fade")?.value == .string("fade"))
        #expect(JobOption(argument: "x=true")?.value == .bool(true))
        #expect(JobOption(argument: "x=a=b")?.value == .string("a=b"))
        #expect(JobOption(argument: "x") == nil)
        #expect(JobOption(argument: "=1") == nil)
    }

    @Test("replicas are counted by service, and nonsense is refused")
    func scale() {
        #expect(ReplicaCounts(argument: "imagegen=2,clipper=3")?.counts == ["imagegen": 2, "clipper": 3])
        for odd in ["imagegen", "imagegen=0", "painter=2", "imagegen=x", "orchestrator=2"] {
            #expect(ReplicaCounts(argument: odd) == nil)
        }
    }

    @Test("a child that dies at once is given more and more time, within bounds")
    func backOff() {
        #expect(RestartBackOff.pause(failures: 0) == .milliseconds(100))
        #expect(RestartBackOff.pause(failures: 3) == .milliseconds(800))
        #expect(RestartBackOff.pause(failures: 60) == .milliseconds(5000))
    }

    @Test("columns are as wide as their widest cell")
    func table() {
        var table = TextTable("A", "LONG")
        table.rows = [["wide cell", "x"], ["é", "y"]]
        #expect(table.text == "A          LONG\nwide cell  x\né          y")
    }

    @Test("an error is one line, its violations a line each")
    func errors() {
        #expect(
            Failure.text(ServiceError(.invalidParams, "/width: expected 16", detail: "/width"))
                == "error -32602 invalid_params: /width: expected 16")
        #expect(
            Failure.text(ServiceError(.invalidParams, "2 violations", detail: "a\nb"))
                == "error -32602 invalid_params: 2 violations\n  a\n  b")
    }

    @Test("on a plain output every message is a line, on a terminal the block is drawn over itself")
    func display() {
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
