// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import JSON
import Logging
import ServiceKit
import ServicePool

/// The executable `dashboard`: a web server that is a client of the orchestrator.
///
/// ```swift
/// await DashboardMain.main()
/// ```
package enum DashboardMain {
    /// Runs the service until SIGTERM or SIGINT.
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription(
        "dashboard", about: "The web page: progress, costs and films of all jobs.", capacity: 4)

    /// `details` of `rpc.stats`.
    private struct Details: Encodable, Sendable {
        /// The URL of the page, e.g. `http://127.0.0.1:8686`; absent until it is served.
        var address: String?
        /// The number of connected WebSockets.
        var watchers: Int
        /// The number of snapshots that were requested from the orchestrator.
        var snapshots: Int
    }

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let settings = try settings(context)
        let pools = context.pools
        let artifacts = try Artifacts(store: context.settings.store, environment: context.settings.environment)
        let folders = JobFolders(
            pools: pools, defaultStore: try ArtifactURI(context.settings.store, at: "UNDERSTUDY_STORE"))
        let drill = DrillRunner(program: DrillRunner.installedProgram(), logger: context.logger)
        let broadcaster = StatusBroadcaster(
            OrchestratorLink(directory: context.settings.runDirectory),
            // trusted: a bounded setting
            stallTimeout: .seconds(settings.bounds.stall), logger: context.logger)
        let stack = StackRoutes(directory: context.settings.runDirectory, pools: pools)
        let uploads = Uploads(
            folder: settings.uploads, quota: UploadQuota(maximum: settings.bounds.uploads), artifacts: artifacts,
            folders: folders)
        let storyboards = OversizedStoryboard(artifacts: artifacts, folders: folders)
        let cache = JobCache { id in
            try await pools.call(OrchestratorAPI.status, JobStatus(jobID: id, guidance: false))
        }
        let routes = RouteTable(
            page: PageRoutes(assets: Assets(Page.files)), jobs: JobRoutes(pools: pools, storyboards: storyboards),
            media: MediaRoutes(cache: cache, artifacts: artifacts), stack: stack, drill: DrillRoutes(runner: drill),
            uploads: uploads, metrics: Metrics(pools: pools, stack: stack, broadcaster: broadcaster))
        let site = Site(
            access: AccessPolicy(token: settings.token, hosts: settings.hosts), router: Router(routes.routes),
            uploads: uploads, logger: context.logger)
        let page = PageServer(
            WebServer(site: site, broadcaster: broadcaster, settings: settings, logger: context.logger),
            host: settings.host, logger: context.logger)

        var application = ServiceApplication(methods: [])
        application.services = [broadcaster, StoreSweep(uploads: uploads, storyboards: storyboards)]
        application.prepare = {
            uploads.removeAbandonedFiles()
            try await page.open()
        }
        application.drain = {
            await page.close()
            _ = try? await drill.stop()
        }
        application.details = {
            Details(
                address: page.address, watchers: await broadcaster.count, snapshots: await broadcaster.snapshotCount)
        }
        return application
    }

    /// The settings, with the limit on connections lowered to what the limit of open files allows.
    private static func settings(_ context: ServiceContext) throws -> DashboardSettings {
        var settings = try DashboardSettings(context.settings)
        let wanted = settings.bounds.connections
        settings.bounds.connections = OpenFileLimit.raise(forConnections: wanted)
        if settings.bounds.connections < wanted {
            context.logger.warning(
                "at most \(settings.bounds.connections) connections instead of \(wanted): raise the limit of open files (ulimit -n)"
            )
        }
        return settings
    }
}
