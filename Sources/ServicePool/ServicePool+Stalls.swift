// SPDX-License-Identifier: Apache-2.0

import Calls
import JSONRPC
import Logging

/// Detects replicas that stay connected but do not respond.
extension ServicePool {
    /// Polls a replica's health while calls are in flight: a stopped process keeps its connections open.
    ///
    /// Each probe uses a connection of its own, so that it is not queued behind calls.
    func monitorHealth(of name: String) {
        guard monitored.insert(name).inserted else { return }
        // Detached, since the deadline of the current call does not apply to the probes.
        Task.detached { [weak self, timeout = replicaStallTimeout] in
            var misses = 0
            while await self?.isBusy(name) == true {
                if misses == 0 { try? await Task.sleep(for: timeout / 3) }
                guard let self, let connection = await self.connection(to: name) else { break }
                misses = await self.respondsToProbe(name, within: timeout / 3) ? 0 : misses + 1
                if misses == 3 {
                    await self.ejectStalled(name, connection)
                    break
                }
            }
            await self?.endMonitoring(of: name)
        }
    }

    private func isBusy(_ name: String) -> Bool { !isShutDown && (set.replicas[name]?.inFlight ?? 0) > 0 }

    private func connection(to name: String) -> RPCConnection? { connections[name] }

    private func endMonitoring(of name: String) {
        monitored.remove(name)
        // A call may have started since the last check.
        if isBusy(name), connections[name] != nil { monitorHealth(of: name) }
    }

    private nonisolated func respondsToProbe(_ name: String, within timeout: Duration) async -> Bool {
        let start = ContinuousClock.now
        guard let connection = try? await directory.connect(to: service, instance: name) else {
            // A replica without free descriptors or backlog may recover: wait for the whole timeout.
            try? await Task.sleep(for: timeout - start.duration(to: .now))
            return false
        }
        let health = try? await connection.call(ServiceHealth.method, NoParams(), timeout: timeout)
        await connection.close()
        return health != nil
    }

    /// Ejects a replica that does not respond. Idempotent calls are retried elsewhere; the others wait until their deadlines.
    private func ejectStalled(_ name: String, _ connection: RPCConnection) {
        guard connections[name] === connection else { return }
        logger.warning("replica does not answer", metadata: ["service": "\(service)", "instance": "\(name)"])
        connections[name] = nil
        probeFailures[name] = "it is connected and does not answer"
        _ = set.recordFailure(name, at: now)
        connection.abandon(idempotentMethods, reason: "\(service)/\(name) does not answer")
        connection.closeWhenIdle()
        scheduleProbes()
        wakeAll()
    }
}
