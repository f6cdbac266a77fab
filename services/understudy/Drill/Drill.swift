// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contracts
import JSON

/// `understudy drill`: tests the takeover against faults of the lead.
struct Drill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Test the takeover against faults of the lead, without spending money.",
        discussion: """
            Injects nineteen faults into a temporary stack of real services, with a scripted lead and stills drawn on this \
            machine. Running services are not affected. The costs are those that the services book; nothing is paid. Settings of \
            the environment are ignored, except the log level.

            The exit status is 0 only if all faults passed. --json prints an array of {fault, expected, observed, attempts, \
            takeover_s, film_ok, cost_usd, passed}; --lines prints the same objects, one per line, as soon as they are available.
            """)

    @Flag(help: "List the faults and inject none.")
    var list = false

    @Option(help: ArgumentHelp("Inject only this fault, by its number; may be repeated.", valueName: "number"))
    var only: [Int] = []

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print each result as a line of JSON as soon as it is available.")
    var lines = false

    func validate() throws {
        if json, lines { throw ValidationError("--json and --lines exclude each other") }
        for number in only where !DrillFault.all.contains(where: { $0.number == number }) {
            throw ValidationError("--only \(number): the faults are 1 to \(DrillFault.all.count)")
        }
    }

    func run() async throws {
        let faults = DrillFault.all.filter { only.isEmpty || only.contains($0.number) }
        if list { return Terminal.print(try Self.listed(faults, json: json)) }
        let lines = lines
        let results = try await InterruptSignals.race {
            try await DrillStack.with { stack in
                try await DrillRun(stack: stack) { result in
                    if lines { Terminal.print(json: String(decoding: try JSONCoding.encode(result), as: UTF8.self)) }
                }.run(faults)
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
