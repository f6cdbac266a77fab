// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Breaker
import Calls
import Contracts
import Faults
import JSON
import JSONRPC
import JobFiles
import Logging
import Parameters
import Prices
import ServiceKit
import ServicePool

/// The entry point of the orchestrator service.
///
/// ```swift
/// await OrchestratorMain.main()
/// ```
package enum OrchestratorMain {
    /// Runs the service until it is stopped by a signal.
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription(
        "orchestrator", about: "Runs jobs: the lead makes the video, the understudy steps in when it fails.",
        capacity: 64, isSingleton: true)

    /// The service's own part of `rpc.stats`.
    private struct Details: Encodable, Sendable {
        var reads: JSONValue
        /// The number of jobs by state.
        var jobs: [String: Int]
    }

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let settings = try OrchestratorSettings(context.settings)
        let events = EventSink(pools: context.pools, logger: context.logger)
        let services = RemoteJobServices(
            pools: context.pools,
            artifacts: try Artifacts(store: context.settings.store, environment: context.settings.environment),
            store: try ArtifactURI(context.settings.store, at: "UNDERSTUDY_STORE"),
            root: settings.root, prices: settings.prices, stitchBackend: settings.stitchBackend, events: events)
        let store = try JobStore(path: settings.database)
        if let setAside = store.setAside { context.logger.error("\(setAside)") }
        let breakers = try Breakers(store: store, bounds: settings.breakers, logger: context.logger)
        let registry = JobRegistry(
            store: store, services: services,
            breakers: breakers,
            outageBounds: settings.outageBounds, maximumRunning: settings.maximumRunning, logger: context.logger)
        let snapshots = CoalescedReads(registry)
        let methods = OrchestratorMethods(
            registry: registry, estimator: Estimator(services: services, pools: context.pools), snapshots: snapshots)

        var application = ServiceApplication(methods: methods.handlers)
        application.services = [
            events, BreakerMigration(breakers: breakers, services: services, logger: context.logger),
            LeaseRenewal(registry: registry),
            Pruning(retention: settings.retention, registry: registry, logger: context.logger),
        ]
        application.layout = ServiceLayout(store: context.settings.store, root: settings.root)
        application.prepare = {
            // Connect to the services of a takeover in advance.
            for service: ServiceName in [.imagegen, .clipper, .stitcher, .agent5] {
                _ = await context.pools[service].replicas
            }
            try await registry.resume()
        }
        application.drain = {
            // Cancelling a call would cancel paid work: MediaConvert's job, stills, the lead's clips. A call whose connection is closed
            // continues there, and its result is requested again after the next start.
            await registry.stop {
                for service: ServiceName in [.stitcher, .imagegen, .agent5] {
                    await context.pools[service].shutDown()
                }
            }
            events.finish()
        }
        application.status = {
            let jobs = (try? await store.counts()) ?? [:]
            let open = await breakers.open().map { "\($0)'s breaker open" }
            return (["\(jobs["running"] ?? 0) jobs running, \(jobs["queued"] ?? 0) waiting"] + open)
                .joined(separator: ", ")
        }
        application.details = { Details(reads: await snapshots.counts, jobs: try await store.counts()) }
        return application
    }
}
