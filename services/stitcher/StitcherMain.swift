import AWS
import Artifacts
import Contracts
import MediaService
import Prices
import ServiceKit

package enum StitcherMain {
    package static func main() async {
        await ServiceMain.run("stitcher", about: "Joins clips and narrations to one film.", capacity: 2) {
            context, methods in
            let prices = try PriceList.read(context.settings.string("UNDERSTUDY_PRICES"))
            let account = AWSAccount(ofService: context.settings.environment)
            let settings = try CloudSettings(context.settings)
            let artifacts = try Artifacts(
                store: context.settings.store, environment: context.settings.environment)
            let local = FilmStitcher(
                media: MediaWork(artifacts: artifacts, blocking: context.blocking), price: prices.stitch(.local))
            let cloud = CloudStitcher(
                local: local, settings: settings, client: MediaConvertClient(account: account),
                ledger: CloudLedger(stateDirectory: context.settings.stateDirectory),
                role: CloudRole(settings: settings, account: account), price: prices.stitch(.mediaconvert),
                logger: context.logger)
            let backends = StitchBackends(local: local, cloud: cloud, settings: settings, logger: context.logger)
            methods.handle(StitcherAPI.stitch) { request, call in try await backends.stitch(request, call) }
            let role = MediaConvertRole(account: account)
            methods.handle(StitcherAPI.setupRole) { request, _ in try await role.setUp(request) }
            methods.handle(StitcherAPI.jobStatus) { request, _ in try await cloud.status(request) }
        }
    }
}
