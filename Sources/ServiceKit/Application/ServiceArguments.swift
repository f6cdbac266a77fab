import Glibc
import Untrusted

/// The command-line arguments of a service.
enum ServiceArguments {
    /// `--help`, `--version` and `--healthcheck`; everything else comes from the environment. Ends the process, or does nothing
    /// where there are no arguments.
    static func read(_ service: ServiceDescription) async {
        guard let argument = CommandLine.arguments.dropFirst().first else { return }
        switch argument {
        case "--version":
            FileHandleOutput.output("\(ServiceSettings.version)\n")
            exit(0)
        case "--healthcheck":
            exit(await HealthCheck.run(service.name))
        case "--help", "-h":
            FileHandleOutput.output(
                """
                OVERVIEW: \(service.about)

                USAGE: \(service.name) [--help] [--version] [--healthcheck]

                Serves line-delimited JSON-RPC 2.0 on $UNDERSTUDY_RUN_DIR/\(service.name)/<instance>.sock until SIGTERM.
                Ask it what it can do:
                  printf '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}\\n' | socat - UNIX-CONNECT:<socket>

                --healthcheck asks the replica of this run directory and instance: 0 while it serves, else 1 and why not.

                ENVIRONMENT:
                  UNDERSTUDY_RUN_DIR         where services meet ($XDG_RUNTIME_DIR/understudy, /tmp/understudy-<uid>)
                  UNDERSTUDY_INSTANCE        this replica's name (the host's name)
                  UNDERSTUDY_STATE_DIR       what outlives a restart (~/.local/state/understudy)
                  UNDERSTUDY_STORE           where artifacts lie (file://<state directory>/store)
                  UNDERSTUDY_PRICES          what work costs, a file of JSON (built-in prices)
                  UNDERSTUDY_CAPACITY        calls answered at a time
                  UNDERSTUDY_DRAIN_S         seconds that calls get to finish after SIGTERM (30)
                  UNDERSTUDY_LOG_LEVEL       trace, debug, info, notice, warning, error, critical (info)
                  UNDERSTUDY_ALLOW_GIDS      groups that may connect and be connected to, beside this user
                  UNDERSTUDY_REPLICA_STALL_S seconds that a replica at work may leave rpc.health unanswered (15)
                  UNDERSTUDY_MAX_LINE_BYTES  bytes that one line may have (4194304)

                EXIT STATUS: 0 stopped by a signal, 1 could not run, 64 wrong arguments.

                """)
            exit(0)
        default:
            FileHandleOutput.error(
                "\(service.name): unknown argument \"\(argument.printable())\"; see \(service.name) --help\n")
            exit(64)
        }
    }
}
