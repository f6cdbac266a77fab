// SPDX-License-Identifier: Apache-2.0

import Glibc
import ServiceKit

/// The typed server and client of the wire benchmark.
///
///     wire-bench                                                     serves `bench.echo` as any service does
///     wire-bench SOCKET CONNECTIONS IN_FLIGHT BYTES SECONDS          calls it, and prints calls, p50 and p99
@main enum WireBench {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard !arguments.isEmpty else {
            return await ServiceProgram.run(
                ServiceDescription("bench", about: "Answers the wire benchmark.", capacity: 1024)
            ) { _ in
                ServiceApplication(methods: [MethodHandler(Echo.method) { echo in echo }])
            }
        }
        let numbers = arguments.dropFirst().compactMap { Double($0) }
        guard let path = arguments.first, arguments.count == 5, numbers.count == 4 else {
            StandardStreams.error("usage: wire-bench SOCKET CONNECTIONS IN_FLIGHT BYTES SECONDS\n")
            exit(64)
        }
        let load = LoadRun(
            path: path, connections: Int(numbers[0]), inFlight: Int(numbers[1]), bytes: Int(numbers[2]),
            seconds: numbers[3])
        let times = try await load.run()
        let (p50, p99) = (times[times.count / 2], times[times.count * 99 / 100])
        print(#"{"calls": \#(times.count), "p50_us": \#(Double(p50) / 1000), "p99_us": \#(Double(p99) / 1000)}"#)
    }
}
