import Artifacts
import JSON
import Logging
import ServiceKit
import ServicePool

package enum DashboardMain {
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription(
        "dashboard", about: "The page: jobs as they go, what they cost, and their films.", capacity: 4)

    /// What `rpc.stats` tells of this service.
    private struct Details: Encodable, Sendable {
        /// `http://127.0.0.1:8686`, ...
        var address: String?
        /// Browsers that watch.
        var watchers: Int
        /// Snapshots that were asked of the orchestrator for browsers.
        var snapshots: Int
    }

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let settings = try settings(context)
        let artifacts = try Artifacts(store: context.settings.store, environment: context.settings.environment)
        let folders = JobFolders(
            pools: context.pools, usualStore: try ArtifactURI(context.settings.store, at: "UNDERSTUDY_STORE"))
        let rehearsal = Rehearsal(program: Rehearsal.installedProgram(), logger: context.logger)
        let hub = WatchHub(
            // trusted: a bounded setting
            OrchestratorLink(directory: context.settings.runDirectory), patience: .seconds(settings.bounds.stall),
            logger: context.logger)
        let stack = StackRoutes(
            directory: context.settings.runDirectory, pools: context.pools)
        let uploads = Uploads(
            folder: settings.uploads, room: UploadRoom(maximum: settings.bounds.uploads), artifacts: artifacts,
            folders: folders)
        let storyboards = GivenStoryboard(artifacts: artifacts, folders: folders)
        let site = Site(
            gate: Gate(token: settings.token, hosts: settings.hosts), assets: Assets(Page.files),
            jobs: JobRoutes(pools: context.pools, storyboards: storyboards),
            media: MediaRoutes(known: KnownJobs(context.pools), artifacts: artifacts), stack: stack,
            rehearsal: rehearsal, uploads: uploads,
            metrics: Metrics(pools: context.pools, stack: stack, hub: hub), logger: context.logger)
        let page = PageServer(
            WebServer(site: site, hub: hub, settings: settings, logger: context.logger), host: settings.host,
            logger: context.logger)

        var application = ServiceApplication(methods: [])
        application.services = [hub, StoreSweep(uploads: uploads, storyboards: storyboards)]
        application.prepare = {
            uploads.sweep()
            try await page.open()
        }
        application.drain = {
            await page.close()
            _ = try? await rehearsal.stop()
        }
        application.details = {
            Details(address: page.address, watchers: await hub.count, snapshots: await hub.snapshots)
        }
        return application
    }

    /// The settings, with as many connections as the system allows open files.
    private static func settings(_ context: ServiceContext) throws -> DashboardSettings {
        var settings = try DashboardSettings(context.settings)
        let wanted = settings.bounds.connections
        settings.bounds.connections = OpenFiles.make(roomFor: wanted)
        if settings.bounds.connections < wanted {
            context.logger.warning(
                "\(settings.bounds.connections) connections at a time, not \(wanted): the system allows no more open files"
            )
        }
        return settings
    }
}
