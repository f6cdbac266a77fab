// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Faults
import ServiceKit
import ServicePool
import Untrusted

/// `understudy up`: runs the stack.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start all services and run them until Ctrl-C.",
        discussion: """
            Each replica is a child process with a socket <run dir>/<service>/<service>-<n>.sock. A child that exits is \
            restarted. The log of all children is printed on standard output.
            """)

    @Option(
        help: ArgumentHelp("Replicas, e.g. imagegen=2,clipper=2.", valueName: "service=n,..."),
        transform: ReplicaCounts.parse)
    var scale: ReplicaCounts = ReplicaCounts()

    @Option(
        help: ArgumentHelp(
            "A service not to start, because another program serves it in the run directory; may be repeated.",
            valueName: "service"))
    var without: [String] = []

    func validate() throws {
        for name in without where !Stack.services.contains(name) {
            throw ValidationError("--without \(name): the services are \(Stack.services.joined(separator: ", "))")
        }
    }

    func run() async throws {
        let settings = try ServiceSettings()
        let stack = Stack(
            runDirectory: settings.runDirectory, scale: scale.counts, without: Set(without),
            environment: settings.environment, log: .standardOutput)
        do {
            let _: Bool? = try await InterruptSignals.race {
                try await stack.start()
                if let address = try? await PageAddress.find(in: settings.runDirectory) {
                    log("the page is at \(address)")
                }
                let control = try await control(of: stack)
                defer { control?.remove() }
                log("ready in \(settings.runDirectory.path), films in \(settings.store)")
                // The children serve until a signal comes.
                while true { try await Task.sleep(for: .seconds(86_400)) }
            }
        } catch {
            await stack.stop()
            throw error
        }
        log("stopping")
        await stack.stop()
        log("stopped")
        LogOutput.standardOutput.flush()
    }

    /// The socket for `understudy scale`; `nil` if another stack in the run directory has it.
    private func control(of stack: Stack) async throws -> StackControl? {
        do {
            return try await StackControl.listen(stack)
        } catch let error as ServiceError where error.kind == .conflict {
            log("\(error.message): `understudy scale` does not change this one")
            return nil
        }
    }

    /// Writes a line without blocking: a reader that stalls must not keep the stack from stopping.
    private func log(_ line: String) { LogOutput.standardOutput.write("understudy | \(line.printable())\n") }
}
