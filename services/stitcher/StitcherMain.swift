import AWS
import Artifacts
import Contracts
import MediaService
import Prices
import ServiceKit

package enum StitcherMain {
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription(
        "stitcher", about: "Joins clips and narrations to one film.", capacity: 2)

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let prices = try PriceList.read(context.settings.string("UNDERSTUDY_PRICES"))
        let account = AWSAccount(ofService: context.settings.environment)
        let settings = try CloudSettings(context.settings)
        let artifacts = try Artifacts(store: context.settings.store, environment: context.settings.environment)
        let local = FilmStitcher(
            media: MediaWork(artifacts: artifacts, blocking: context.blocking), price: prices.stitch(.local))
        let cloud = CloudStitcher(
            local: local, settings: settings, client: MediaConvertClient(account: account),
            ledger: CloudLedger(stateDirectory: context.settings.stateDirectory),
            role: CloudRole(settings: settings, account: account), price: prices.stitch(.mediaconvert),
            logger: context.logger)
        let backends = StitchBackends(local: local, cloud: cloud, settings: settings, logger: context.logger)
        return ServiceApplication(methods: [
            MethodHandler(StitcherAPI.stitch, backends.stitch),
            MethodHandler(StitcherAPI.setupRole, MediaConvertRole(account: account).setUp),
            MethodHandler(StitcherAPI.jobStatus, cloud.status),
        ])
    }
}
