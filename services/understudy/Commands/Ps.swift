// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ServiceKit

/// `understudy ps`: lists the replicas of all services.
struct Ps: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the replicas of all services and their health.")

    @Flag(help: "Show calls, failures, latencies, processor time and memory, every second until Ctrl-C.")
    var watch = false

    func run() async throws {
        let directory = try ServiceSettings().runDirectory
        guard watch else { return Terminal.print(try await ReplicaList(directory).table().text) }
        let list = ReplicaActivityList(directory)
        let watched: Void? = try await InterruptSignals.race {
            // Fails at once if no service is running.
            var table = try await list.table()
            while true {
                Terminal.printScreen(table.text)
                try await Task.sleep(for: .seconds(1))
                table = try await list.table()
            }
        }
        if watched == nil { throw Failure.interrupted }
    }
}
