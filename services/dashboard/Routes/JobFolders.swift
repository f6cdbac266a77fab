// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Calls
import Contracts
import Faults
import JSONRPC
import ServicePool

/// Where the orchestrator stores the files of its jobs, as `rpc.health` reports it.
struct JobFolders: Sendable {
    let pools: ServicePools
    /// The store of this service's own settings, for uploads while no orchestrator runs.
    let defaultStore: ArtifactURI

    /// The store, and the folder of all jobs within it.
    ///
    /// - Parameter replicaTimeout: how long to wait for an orchestrator.
    /// - Throws: `unavailable` if no orchestrator runs.
    func layout(replicaTimeout: Duration = .milliseconds(200)) async throws -> (store: ArtifactURI, root: String) {
        let health = try await pools.call(
            ServiceHealth.method.of(.orchestrator), NoParams(), replicaTimeout: replicaTimeout)
        guard let layout = health.layout else {
            throw ServiceError(
                .unavailable, "the orchestrator does not report its store: update it to this service's version")
        }
        return (try ArtifactURI(layout.store, at: "/layout/store"), layout.root)
    }

    /// The store; `defaultStore` if no orchestrator runs.
    func store() async throws -> ArtifactURI {
        do {
            return try await layout().store
        } catch let error as ServiceError where error.kind == .unavailable {
            return defaultStore
        }
    }
}
