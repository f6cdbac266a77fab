// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Glibc

/// The gRPC server and client of the wire benchmark: a unary echo of bytes, plaintext HTTP/2 over a Unix socket.
///
///     grpc-bench server SOCKET                  serves `bench.Bench/Echo` until it is terminated
///     grpc-bench client SOCKET --connections N --in-flight N --bytes N --seconds S
///                                               calls it, and prints calls, p50 and p99 as `wire-bench` does
///
/// `--settings tuned` selects `TransportSettings.tuned` instead of the defaults, at this end of the connection.
@main enum GRPCBench {
    static func main() async throws {
        switch Command(Array(CommandLine.arguments.dropFirst())) {
        case .server(let path, let settings):
            let transport = HTTP2ServerTransport.Posix(
                address: .unixDomainSocket(path: path), transportSecurity: .plaintext, config: settings.serverConfig)
            try await GRPCServer(transport: transport, services: [EchoService()]).serve()
        case .client(let load):
            let times = try await load.run()
            let (p50, p99) = (times[times.count / 2], times[times.count * 99 / 100])
            print(#"{"calls": \#(times.count), "p50_us": \#(Double(p50) / 1000), "p99_us": \#(Double(p99) / 1000)}"#)
        case nil:
            _ = write(STDERR_FILENO, Command.usage, Command.usage.utf8.count)
            exit(64)
        }
    }
}
