// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ServiceKit

/// The command `understudy`.
struct UnderstudyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "understudy",
        abstract: "Make a film of a storyboard, with a fallback if the AI video generator fails.",
        discussion: """
            The lead (Agent5) makes a film of a storyboard. If it fails, the understudy (Agent6) takes over in the same job.

            EXIT STATUS: 0 success; 1 failure, with one line on standard error that says what to do; 64 invalid arguments;
            130 interrupted by Ctrl-C.

            ENVIRONMENT: UNDERSTUDY_RUN_DIR (the folder of all sockets), UNDERSTUDY_STATE_DIR (what must outlive a restart),
            UNDERSTUDY_STORE (the folder or bucket of films). See `clipper --help` for all variables.
            """,
        version: ServiceSettings.version,
        subcommands: [
            Up.self, Run.self, Ps.self, CallMethod.self, Describe.self, TapCommand.self, ReplayCommand.self,
            LogLevelCommand.self, ScaleCommand.self, Watch.self, OpenPage.self, Status.self, ShowReceipt.self,
            Cancel.self, Retry.self,
            UpgradeCommand.self,
            BreakerCommand.self, Demo.self, Drill.self, Report.self, Doctor.self,
        ])
}

/// The executable `understudy`: the command line.
///
/// ```swift
/// await UnderstudyMain.main()
/// ```
package enum UnderstudyMain {
    /// Parses the arguments, runs the command and exits with its status.
    package static func main() async {
        do {
            var command = try await UnderstudyCommand.asyncParseAsRoot()
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
