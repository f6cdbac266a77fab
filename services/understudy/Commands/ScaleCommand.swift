// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Faults
import JSONRPC
import ServiceKit
import ServicePool
import Untrusted

/// `understudy scale`: changes the numbers of replicas of a running stack.
struct ScaleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Change the numbers of replicas of a stack that `understudy up` runs.",
        discussion: """
            New replicas get calls as soon as they serve. Replicas that are removed, those with the highest numbers, answer the \
            calls that they have begun, for 35 s at most; a longer call is made again by another replica, if it may be \
            repeated. Returns when the new replicas serve and the others have ended. In containers, use `docker-compose up \
            --scale`.
            """)

    @Argument(
        help: ArgumentHelp("E.g. imagegen=4,clipper=2.", valueName: "service=n,..."), transform: ReplicaCounts.parse)
    var replicas: ReplicaCounts

    func run() async throws {
        let directory = try ServiceSettings().runDirectory
        let connection: RPCConnection
        do {
            connection = try await RPCConnection.connect(to: StackControl.path(in: directory), timeout: .zero)
        } catch is RPCConnection.Lost {
            throw ServiceError(
                .notFound,
                "no `understudy up` runs in \(directory.path): start one, or set UNDERSTUDY_RUN_DIR to its folder")
        }
        let result = try await connection.call(StackControl.scale, StackScale(replicas: replicas.counts))
        await connection.close()
        for (service, count) in result.replicas.sorted(by: { $0.key < $1.key }) {
            Terminal.print("\(service.printable()) \(count)")
        }
    }
}
