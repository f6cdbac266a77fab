import Calls
import JSONRPC
import Logging

/// Replicas that keep their connections and do not answer.
extension ServicePool {
    /// Asks a replica for its health as long as calls of ours are on it: a process that was stopped keeps its connections.
    ///
    /// Each question goes over a connection of its own, so that it waits behind no call.
    func watchOver(_ name: String) {
        guard heartbeats.insert(name).inserted else { return }
        // Detached: the deadline of the call that comes first is not that of the questions.
        Task.detached { [weak self, stall] in
            var misses = 0
            while await self?.isBusy(name) == true {
                if misses == 0 { try? await Task.sleep(for: stall / 3) }
                guard let self, let connection = await self.connection(to: name) else { break }
                misses = await self.answers(name, within: stall / 3) ? 0 : misses + 1
                if misses == 3 {
                    await self.stalled(name, connection)
                    break
                }
            }
            await self?.endWatch(over: name)
        }
    }

    private func isBusy(_ name: String) -> Bool { !isShutDown && (set.replicas[name]?.inFlight ?? 0) > 0 }

    private func connection(to name: String) -> RPCConnection? { connections[name] }

    private func endWatch(over name: String) {
        heartbeats.remove(name)
        // A call may have come since it was seen to have none.
        if isBusy(name), connections[name] != nil { watchOver(name) }
    }

    private nonisolated func answers(_ name: String, within bound: Duration) async -> Bool {
        let began = ContinuousClock.now
        guard let connection = try? await directory.connect(to: service, instance: name) else {
            // What cannot be connected to for want of descriptors, or of room in its queue, has the whole bound.
            try? await Task.sleep(for: bound - began.duration(to: .now))
            return false
        }
        let health = try? await connection.call(ServiceHealth.method, NoParams(), timeout: bound)
        await connection.close()
        return health != nil
    }

    /// The process does not answer: calls that may be made twice go elsewhere; the others are held to their callers' clocks.
    private func stalled(_ name: String, _ connection: RPCConnection) {
        guard connections[name] === connection else { return }
        logger.warning("replica does not answer", metadata: ["service": "\(service)", "instance": "\(name)"])
        connections[name] = nil
        reasons[name] = "it is connected and does not answer"
        _ = set.failed(name, at: now)
        connection.abandon(idempotent, reason: "\(service)/\(name) does not answer")
        connection.closeWhenIdle()
        setAlarm()
        wakeAll()
    }
}
