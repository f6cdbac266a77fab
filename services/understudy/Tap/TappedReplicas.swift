// SPDX-License-Identifier: Apache-2.0

import Faults
import ServicePool
import Synchronization
import Tap

/// The replicas of a service whose taps are read. Replicas come and go meanwhile.
final class TappedReplicas: Sendable {
    private let service: String
    /// The only replica; all of the service if absent.
    private let instance: String?
    private let directory: RunDirectory
    private let output: TapOutput
    /// The identities of the sockets of the replicas whose taps are read, or have ended.
    private let known = Mutex<[String: String]>([:])

    init(service: String, instance: String?, directory: RunDirectory, output: TapOutput) {
        self.service = service
        self.instance = instance
        self.directory = directory
        self.output = output
    }

    /// Reads the taps until the task is cancelled.
    ///
    /// - Throws: `unauthorized` if a tap may not be read; `unavailable` if a recording cannot be written.
    func follow() async throws {
        try await withThrowingTaskGroup { group in
            while true {
                for instance in newReplicas() {
                    group.addTask { try await self.read(instance) }
                }
                group.addTask { try await Task.sleep(for: .milliseconds(500)) }
                // Throws what a reader has thrown.
                try await group.next()
            }
        }
    }

    /// The replicas that have started since the last time.
    private func newReplicas() -> [String] {
        let sockets = directory.socketIdentities(of: service).filter { instance == nil || $0.key == instance }
        return known.withLock { known in
            defer { known.merge(sockets) { _, new in new } }
            return sockets.filter { known[$0.key] != $0.value }.keys.sorted()
        }
    }

    private func read(_ instance: String) async throws {
        let path = directory.tapPath(service: service, instance: instance)
        let reader: TapReader
        do throws(ServiceError) {
            reader = try await TapReader.open(
                path, peers: try directory.trustedPeers(of: service, socket: path))
        } catch {
            guard error.kind == .unavailable else { throw error }
            Terminal.printError("\(instance): \(error.message)")
            return
        }
        try await reader.read { record, line in try await output.show(record, line, from: instance) }
        Terminal.printError("\(instance): the replica has ended")
    }
}
