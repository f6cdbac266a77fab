// SPDX-License-Identifier: Apache-2.0

import AWS
import Artifacts
import Contracts
import MediaService
import Prices
import ServiceKit

/// The `stitcher` service: joins clips and narrations to a film, locally or by AWS MediaConvert.
package enum StitcherMain {
    /// Runs the service until it is stopped; exits with an error if its settings are invalid.
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription(
        "stitcher", about: "Joins clips and narrations to one film.", capacity: 2)

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let prices = try PriceList.read(context.settings.string("UNDERSTUDY_PRICES"))
        let account = AWSAccount(serviceEnvironment: context.settings.environment)
        let settings = try MediaConvertSettings(context.settings)
        let artifacts = try Artifacts(store: context.settings.store, environment: context.settings.environment)
        let local = LocalStitcher(
            media: MediaWork(artifacts: artifacts, blocking: context.blocking), price: prices.stitch(.local))
        let mediaConvert = MediaConvertStitcher(
            local: local, settings: settings, client: MediaConvertClient(account: account),
            ledger: MediaConvertJobLedger(stateDirectory: context.settings.stateDirectory),
            roles: MediaConvertRoleResolver(settings: settings, account: account), price: prices.stitch(.mediaconvert),
            logger: context.logger)
        let backends = StitchBackends(
            local: local, mediaConvert: mediaConvert, settings: settings, logger: context.logger)
        return ServiceApplication(methods: [
            MethodHandler(StitcherAPI.stitch, backends.stitch),
            MethodHandler(StitcherAPI.setupRole, MediaConvertRoleProvisioner(account: account).setUp),
            MethodHandler(StitcherAPI.jobStatus, mediaConvert.status),
        ])
    }
}
