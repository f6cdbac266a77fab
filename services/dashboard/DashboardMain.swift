import Artifacts
import JSONRPC
import Logging
import NIOCore
import ServiceKit
import ServicePool

package enum DashboardMain {
    package static func main() async {
        await ServiceMain.run(
            "dashboard", about: "The page: jobs as they go, what they cost, and their films.", capacity: 4
        ) {
            context, methods in
            var settings = try DashboardSettings(context.settings)
            let wanted = settings.bounds.connections
            settings.bounds.connections = OpenFiles.make(roomFor: wanted)
            if settings.bounds.connections < wanted {
                context.logger.warning(
                    "\(settings.bounds.connections) connections at a time, not \(wanted): the system allows no more open files"
                )
            }
            let artifacts = try Artifacts(
                store: context.settings.store, environment: context.settings.environment)
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
            uploads.sweep()
            let site = Site(
                gate: Gate(token: settings.token, hosts: settings.hosts), assets: Assets(Page.files),
                jobs: JobRoutes(
                    pools: context.pools, storyboards: storyboards),
                media: MediaRoutes(known: KnownJobs(context.pools), artifacts: artifacts), stack: stack,
                rehearsal: rehearsal, uploads: uploads,
                metrics: Metrics(pools: context.pools, stack: stack, hub: hub), logger: context.logger)
            let server = try await WebServer(site: site, hub: hub, settings: settings, logger: context.logger).listen()
            let address =
                "http://\(settings.host.contains(":") ? "[\(settings.host)]" : settings.host):\(server.localAddress?.port ?? 0)"
            context.logger.info("the page is at \(address)")
            methods.report("address") { .string(address) }
            methods.report("watchers") { .integer(Int64(await hub.count)) }
            methods.report("snapshots") { .integer(Int64(await hub.snapshots)) }
            methods.background("watch") { try await hub.run() }
            methods.background("sweep") {
                await uploads.sweepStore()
                await storyboards.sweep()
            }
            methods.beforeDrain {
                try? await server.close()
                _ = try? await rehearsal.stop()
            }
        }
    }
}
