import Artifacts
import Calls
import Contracts
import Faults
import JSONRPC
import ServicePool

/// Where the orchestrator has the files of its jobs, as it reports it itself.
struct JobFolders: Sendable {
    let pools: ServicePools
    /// The store of this service's own settings, for uploads while no orchestrator runs.
    let usualStore: ArtifactURI

    /// - Parameter patience: how long to wait for an orchestrator.
    /// - Throws: `unavailable` if no orchestrator runs.
    func layout(patience: Duration = .milliseconds(200)) async throws -> (store: ArtifactURI, root: String) {
        let health = try await pools.call(ServiceHealth.method.of(.orchestrator), NoParams(), patience: patience)
        guard let layout = health.layout else {
            throw ServiceError(
                .unavailable, "the orchestrator does not report its store: it is older than this service")
        }
        return (try ArtifactURI(layout.store, at: "/layout/store"), layout.root)
    }

    /// The store alone; the one of this service's own settings where no orchestrator answers.
    func store() async throws -> ArtifactURI {
        do {
            return try await layout().store
        } catch let error as ServiceError where error.kind == .unavailable {
            return usualStore
        }
    }
}
