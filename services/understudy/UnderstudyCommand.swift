import ArgumentParser
import ServiceKit

struct UnderstudyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "understudy",
        abstract: "Makes sure that the video gets made.",
        discussion: """
            The lead (Agent5) makes a video of a storyboard; when it fails, the understudy (Agent6) takes over in the same job.

            EXIT STATUS: 0 done; 1 failed, with one line on standard error that says what to do; 64 wrong arguments;
            130 interrupted by Ctrl-C.

            ENVIRONMENT: UNDERSTUDY_RUN_DIR (where services meet), UNDERSTUDY_STATE_DIR (what outlives a restart),
            UNDERSTUDY_STORE (where films lie). See `clipper --help` for all of them.
            """,
        version: ServiceSettings.version,
        subcommands: [
            Up.self, Run.self, Ps.self, CallMethod.self, Watch.self, OpenPage.self, Status.self, ShowReceipt.self,
            Cancel.self,
            Retry.self, UpgradeCommand.self,
            BreakerCommand.self, Demo.self, Drill.self, Report.self, Doctor.self,
        ])
}

package enum UnderstudyMain {
    package static func main() async {
        do {
            var command = try UnderstudyCommand.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Failure.exit(with: error, of: UnderstudyCommand.self)
        }
    }
}
