import ArgumentParser
import Contracts
import JSON

struct Drill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rehearse what can go wrong with the lead, without spending.",
        discussion: """
            Plays nineteen faults against the real services: a stack of its own in a folder of its own, whatever runs elsewhere, \
            with a lead that follows a script and stills drawn on this machine. The costs are those that the services book; \
            nothing is paid. No setting of the environment but the log level counts.

            The exit status is 0 only if all faults passed. --json prints an array of {fault, expected, observed, attempts, \
            takeover_s, film_ok, cost_usd, passed}; --lines the same objects, each on a line as soon as it is there.
            """)

    @Flag(help: "List the faults and play none.")
    var list = false

    @Option(help: ArgumentHelp("Play only this fault, by its number; may be repeated.", valueName: "number"))
    var only: [Int] = []

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print each result as a line of JSON as soon as it is there.")
    var lines = false

    func validate() throws {
        if json, lines { throw ValidationError("--json and --lines exclude each other") }
        for number in only where !DrillFault.all.contains(where: { $0.number == number }) {
            throw ValidationError("--only \(number): there are the faults 1 to \(DrillFault.all.count)")
        }
    }

    func run() async throws {
        let faults = DrillFault.all.filter { only.isEmpty || only.contains($0.number) }
        if list { return Terminal.print(try Self.listed(faults, json: json)) }
        let lines = lines
        let results = try await Interruption.race {
            try await DrillStage.with { stage in
                try await DrillRun(stage: stage) { result in
                    if lines { Terminal.print(json: String(decoding: try JSONCoding.encode(result), as: UTF8.self)) }
                }.play(faults)
            }
        }
        guard let results else { throw Failure.interrupted }
        if json {
            try Terminal.printJSON(results)
        } else if !lines {
            Terminal.print(DrillResult.table(zip(faults, results).map { ($0.number, $1) }))
        }
        if results.contains(where: { !$0.isPassed }) { throw ExitCode(1) }
    }

    private static func listed(_ faults: [DrillFault], json: Bool) throws -> String {
        guard !json else {
            return try JSONCoding.pretty(faults.map { ["fault": $0.name, "expected": $0.expectation.text] })
        }
        var table = TextTable("", "FAULT", "EXPECTED")
        for fault in faults { table.rows.append(["\(fault.number)", fault.name, fault.expectation.text]) }
        return table.text
    }
}
