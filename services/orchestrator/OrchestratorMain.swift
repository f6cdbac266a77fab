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

package enum OrchestratorMain {
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription(
        "orchestrator", about: "Runs jobs: the lead makes the video, the understudy steps in when it fails.",
        capacity: 64, isOnly: true)

    /// What `rpc.stats` tells of this service.
    private struct Details: Encodable, Sendable {
        var reads: JSONValue
        /// By state.
        var jobs: [String: Int]
    }

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let settings = try OrchestratorSettings(context.settings)
        let events = EventSink(pools: context.pools, logger: context.logger)
        let studio = ServiceStudio(
            pools: context.pools,
            artifacts: try Artifacts(store: context.settings.store, environment: context.settings.environment),
            store: try ArtifactURI(context.settings.store, at: "UNDERSTUDY_STORE"),
            root: settings.root, prices: settings.prices, stitchBackend: settings.stitchBackend, events: events)
        let store = try JobStore(path: settings.database)
        if let setAside = store.setAside { context.logger.error("\(setAside)") }
        let breakers = try Breakers(store: store, bounds: settings.breakers, logger: context.logger)
        let orchestra = Orchestra(
            store: store, studio: studio,
            breakers: breakers,
            patience: settings.patience, maximumRunning: settings.maximumRunning, logger: context.logger)
        let snapshots = Snapshots(orchestra)
        let methods = OrchestratorMethods(
            orchestra: orchestra, estimator: Estimator(studio: studio, pools: context.pools), snapshots: snapshots)

        var application = ServiceApplication(methods: methods.handlers)
        application.services = [
            events, BreakerHandover(breakers: breakers, studio: studio, logger: context.logger),
            LeaseRenewal(orchestra: orchestra),
            Pruning(retention: settings.retention, orchestra: orchestra, logger: context.logger),
        ]
        application.layout = ServiceLayout(store: context.settings.store, root: settings.root)
        application.prepare = {
            // Connections that a takeover needs are there before it happens.
            for service: ServiceName in [.imagegen, .clipper, .stitcher, .agent5] {
                _ = await context.pools[service].replicas
            }
            try await orchestra.resume()
        }
        application.drain = {
            // A cancelled call would cancel what is paid for: MediaConvert's job, stills, the lead's clips. A call whose
            // connection is lost goes on there, and is asked for again after the next start.
            await orchestra.stop {
                for service: ServiceName in [.stitcher, .imagegen, .agent5] {
                    await context.pools[service].shutDown()
                }
            }
            events.finish()
        }
        application.details = { Details(reads: await snapshots.counts, jobs: try await store.counts()) }
        return application
    }
}
