// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Breaker
import Contracts
import Prices
import ServiceKit

/// The service `imagegen`.
///
/// ```swift
/// await ImageGenMain.main()
/// ```
package enum ImageGenMain {
    /// Runs the service until it is stopped by a signal.
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription("imagegen", about: "Draws a still for a prompt.", capacity: 2)

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let prices = try PriceList.read(context.settings.string("UNDERSTUDY_PRICES"))
        let artifacts = try Artifacts(store: context.settings.store, environment: context.settings.environment)
        let folder = "\(context.settings.stateDirectory)/imagegen"
        let methods = ImageGenMethods(
            artifacts: artifacts, providers: try ProviderList(context, prices: prices, artifacts: artifacts),
            delivered: DeliveredStillIndex(folder: folder),
            cache: StillCache(
                folder: "\(folder)/content",
                maximumBytes: try context.settings.int(
                    "UNDERSTUDY_IMAGE_CACHE_BYTES", default: 2 << 30, in: 0...Int.max)),
            orderRecords: OrderRecordStore(folder: "\(folder)/orders"),
            breakers: ProviderBreakers(
                files: BreakerFiles(folder: "\(folder)/breakers"), bounds: try BreakerMachine.Bounds(context.settings),
                logger: context.logger))
        return ServiceApplication(methods: [
            MethodHandler(ImageGenAPI.generate, methods.generate),
            MethodHandler(ImageGenAPI.breaker, methods.breaker),
            MethodHandler(ImageGenAPI.providers) { _ in await methods.listProviders() },
        ])
    }
}
