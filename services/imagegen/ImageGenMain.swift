import Artifacts
import Breaker
import Contracts
import Prices
import ServiceKit

package enum ImageGenMain {
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription("imagegen", about: "Draws a still for a prompt.", capacity: 2)

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let prices = try PriceList.read(context.settings.string("UNDERSTUDY_PRICES"))
        let artifacts = try Artifacts(store: context.settings.store, environment: context.settings.environment)
        let folder = "\(context.settings.stateDirectory)/imagegen"
        let studio = ImageStudio(
            artifacts: artifacts, providers: try ProviderList(context, prices: prices, artifacts: artifacts),
            delivered: DeliveredStills(folder: folder),
            cache: StillCache(
                folder: "\(folder)/content",
                maximumBytes: try context.settings.int(
                    "UNDERSTUDY_IMAGE_CACHE_BYTES", default: 2 << 30, in: 0...Int.max)),
            ledger: OrderLedger(folder: "\(folder)/orders"),
            breakers: ProviderBreakers(
                files: BreakerFiles(folder: "\(folder)/breakers"), bounds: try BreakerMachine.Bounds(context.settings),
                logger: context.logger))
        return ServiceApplication(methods: [
            MethodHandler(ImageGenAPI.generate, studio.generate),
            MethodHandler(ImageGenAPI.breaker, studio.breaker),
            MethodHandler(ImageGenAPI.providers) { _ in await studio.list() },
        ])
    }
}
