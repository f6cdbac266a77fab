// SPDX-License-Identifier: Apache-2.0

import Glibc
import Untrusted

/// The command-line arguments of a service.
enum ServiceArguments {
    /// Handles `--help`, `--version` and `--healthcheck`, which exit the process. Returns if there are no arguments.
    static func handle(_ service: ServiceDescription) async {
        guard let argument = CommandLine.arguments.dropFirst().first else { return }
        switch argument {
        case "--version":
            StandardStreams.output("\(ServiceSettings.version)\n")
            exit(0)
        case "--healthcheck":
            exit(await HealthCheck.run(service.name))
        case "--help", "-h":
            StandardStreams.output(
                """
                OVERVIEW: \(service.about)

                USAGE: \(service.name) [--help] [--version] [--healthcheck]

                Serves line-delimited JSON-RPC 2.0 on $UNDERSTUDY_RUN_DIR/\(service.name)/<instance>.sock until SIGTERM.
                To list its methods:
                  printf '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}\\n' | socat - UNIX-CONNECT:<socket>

                --healthcheck queries the replica of this run directory and instance: exit status 0 if it serves, otherwise 1.

                ENVIRONMENT:
                  UNDERSTUDY_RUN_DIR         the directory of all sockets ($XDG_RUNTIME_DIR/understudy, /tmp/understudy-<uid>)
                  UNDERSTUDY_INSTANCE        this replica's name (the host name)
                  UNDERSTUDY_STATE_DIR       the folder of persistent state (~/.local/state/understudy)
                  UNDERSTUDY_STORE           the URI of the artifact store (file://<state directory>/store)
                  UNDERSTUDY_PRICES          a JSON file of prices (built-in prices)
                  UNDERSTUDY_CAPACITY        the maximum number of concurrent calls
                  UNDERSTUDY_DRAIN_S         seconds in which calls may finish after SIGTERM (30)
                  UNDERSTUDY_LOG_LEVEL       trace, debug, info, notice, warning, error, critical (info)
                  UNDERSTUDY_ALLOW_GIDS      groups whose processes are trusted, in addition to this user's
                  UNDERSTUDY_REPLICA_STALL_S seconds that a busy replica may leave rpc.health unanswered (15)
                  UNDERSTUDY_MAX_LINE_BYTES  the maximum bytes of a request line (4194304)

                EXIT STATUS: 0 stopped by a signal, 1 failed, 64 invalid arguments.

                """)
            exit(0)
        default:
            StandardStreams.error(
                "\(service.name): unknown argument \"\(argument.printable())\"; see \(service.name) --help\n")
            exit(64)
        }
    }
}
