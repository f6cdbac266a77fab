import ArgumentParser
import ServiceKit
import ServicePool
import Untrusted

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start all services and keep them running until Ctrl-C.",
        discussion: """
            Each replica is a child process with a socket <run dir>/<service>/<service>-<n>.sock. A child that dies is started \
            again. Their log lines come out here.
            """)

    @Option(help: ArgumentHelp("Replicas, e.g. imagegen=2,clipper=2.", valueName: "service=n,..."))
    var scale: ReplicaCounts = ReplicaCounts()

    @Option(
        help: ArgumentHelp(
            "A service that somebody else provides in the same run directory; may be repeated.", valueName: "service"))
    var without: [String] = []

    func validate() throws {
        for name in without where !Stack.services.contains(name) {
            throw ValidationError("--without \(name): there are \(Stack.services.joined(separator: ", "))")
        }
    }

    func run() async throws {
        let settings = try ServiceSettings()
        let stack = Stack(
            runDirectory: settings.runDirectory, scale: scale.counts, without: Set(without),
            environment: settings.environment, log: .standardOutput)
        do {
            let isUp: Bool? = try await Interruption.race {
                try await stack.start()
                if let address = try? await PageAddress.find(in: settings.runDirectory) {
                    tell("the page is at \(address)")
                }
                tell("ready in \(settings.runDirectory.path), films in \(settings.store)")
                // Serve until a signal comes.
                while true { try await Task.sleep(for: .seconds(86_400)) }
            }
            _ = isUp
        } catch {
            await stack.stop()
            throw error
        }
        tell("stopping")
        await stack.stop()
        tell("stopped")
        LogOutput.standardOutput.flush()
    }

    /// A reader that does not read must not keep the stack from stopping.
    private func tell(_ line: String) { LogOutput.standardOutput.write("understudy | \(line.printable())\n") }
}

/// `imagegen=2,clipper=2`.
struct ReplicaCounts: ExpressibleByArgument, Equatable {
    var counts: [String: Int] = [:]

    init() {}

    init?(argument: String) {
        for part in argument.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, Stack.services.contains(String(pair[0])), let count = Int(pair[1]),
                (1...64).contains(count), pair[0] != "orchestrator" || count == 1
            else { return nil }
            counts[String(pair[0])] = count
        }
    }
}
