// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Faults
import JSONRPC
import Logging
import ServiceKit
import ServicePool
import Untrusted

/// `understudy loglevel`: shows or sets the log level of running replicas.
struct LogLevelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loglevel", abstract: "Show or set the log level of the running replicas of a service.",
        discussion:
            "The level is that of the process and is lost when it ends; UNDERSTUDY_LOG_LEVEL is that of new processes.")

    @Argument(help: "E.g. clipper.", completion: Completions.services)
    var service: String

    @Argument(help: "trace, debug, info, notice, warning, error or critical; the levels are shown if absent.")
    var level: String?

    func run() async throws {
        let directory = try ServiceSettings().runDirectory
        let level = try level.map { text in
            guard let level = Logger.Level(rawValue: text) else {
                let names = Logger.Level.allCases.map(\.rawValue)
                let nearest = EditDistance.nearest(to: text, among: names).map { ": did you mean \($0)?" } ?? ""
                throw ServiceError(
                    .invalidParams,
                    "\(text.bounded(to: TextBound.quotation)) is not a log level\(nearest) There are \(names.joined(separator: ", "))"
                )
            }
            return level
        }
        try RunningReplicas.check(service: service, instance: nil, in: directory)
        for instance in directory.instances(of: service) {
            let connection = try await directory.connect(to: service, instance: instance)
            let state = try await connection.call(
                LogLevelState.method, SetLogLevel(level: level), timeout: .seconds(5))
            await connection.close()
            Terminal.print("\(instance.printable()) \(state.level)")
        }
    }
}
