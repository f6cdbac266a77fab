import Artifacts
import Breaker
import Contracts
import JSONRPC
import Logging
import ServiceKit
import ServicePool

package enum OrchestratorMain {
    package static func main() async {
        await ServiceMain.run(
            "orchestrator", about: "Runs jobs: the lead makes the video, the understudy steps in when it fails.",
            capacity: 64, isOnly: true
        ) { context, methods in
            let settings = context.settings
            let prices = try PriceList.read(settings.string("UNDERSTUDY_PRICES"))
            let root = settings.string("UNDERSTUDY_ROOT") ?? Places.defaultRoot
            guard Places.isValidID(root) else {
                throw ServiceError(.invalidParams, "UNDERSTUDY_ROOT: expected \(Places.idRule), found \"\(root)\"")
            }
            let backend = settings.string("UNDERSTUDY_STITCH_BACKEND") ?? StitchBackend.local.rawValue
            guard let stitchBackend = StitchBackend(rawValue: backend) else {
                let known = StitchBackend.allCases.map(\.rawValue).joined(separator: ", ")
                throw ServiceError(.invalidParams, "UNDERSTUDY_STITCH_BACKEND: \"\(backend)\" is none of \(known)")
            }
            let events = EventSink(pools: context.pools, logger: context.logger)
            let studio = ServiceStudio(
                pools: context.pools,
                artifacts: try Artifacts(store: settings.store, environment: settings.environment),
                store: try ArtifactURI(settings.store, at: "UNDERSTUDY_STORE"),
                root: root, prices: prices, stitchBackend: stitchBackend, events: events)
            let store = try JobStore(path: "\(settings.stateDirectory)/orchestrator/jobs.sqlite")
            if let setAside = store.setAside { context.logger.error("\(setAside)") }
            let bounds = BreakerMachine.Bounds(
                failures: try settings.int("UNDERSTUDY_BREAKER_FAILURES", default: 3, in: 1...1000),
                cool: try settings.double("UNDERSTUDY_BREAKER_COOL_S", default: 30, in: 0.001...86_400),
                longestCool: try settings.double("UNDERSTUDY_BREAKER_COOL_MAX_S", default: 600, in: 0.001...86_400))
            let breakers = try Breakers(store: store, bounds: bounds, logger: context.logger)
            let patience = StoreHold.Patience(
                whole: try settings.double("UNDERSTUDY_STORE_PATIENCE_S", default: 120, in: 0...86_400))
            let orchestra = Orchestra(
                store: store, studio: studio, breakers: breakers, patience: patience,
                maximumRunning: try settings.int("UNDERSTUDY_MAX_RUNNING_JOBS", default: 16, in: 1...10_000),
                logger: context.logger)
            let retention = try Retention(settings)
            let estimator = Estimator(studio: studio, pools: context.pools)
            let snapshots = Snapshots(orchestra)
            OrchestratorMethods(orchestra: orchestra, estimator: estimator, snapshots: snapshots).register(in: &methods)
            methods.report("reads") { await snapshots.counts }
            methods.background("events") { await events.run() }
            methods.report("jobs") { .object(try await store.counts().mapValues { .integer(Int64($0)) }) }
            methods.background("leases") { await orchestra.keepLeases() }
            methods.background("retention") { await retention.run(orchestra, context.logger) }
            methods.beforeDrain {
                // A cancelled call would cancel what is paid for: MediaConvert's job, stills, the lead's clips. A call whose
                // connection is lost goes on there, and is asked for again after the next start.
                await orchestra.stop {
                    for service in ["stitcher", "imagegen", "agent5"] { await context.pools[service].shutDown() }
                }
                events.finish()
            }
            // Connections that a takeover needs are there before it happens.
            for service in ["imagegen", "clipper", "stitcher", "agent5"] { _ = await context.pools[service].replicas }
            try await orchestra.resume()
        }
    }
}
