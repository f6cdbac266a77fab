import Artifacts
import Breaker
import Contracts
import Prices
import ServiceKit

package enum ImageGenMain {
    package static func main() async {
        await ServiceMain.run("imagegen", about: "Draws a still for a prompt.", capacity: 2) { context, methods in
            let prices = try PriceList.read(context.settings.string("UNDERSTUDY_PRICES"))
            let artifacts = try Artifacts(
                store: context.settings.store, environment: context.settings.environment)
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
                    files: BreakerFiles(folder: "\(folder)/breakers"),
                    bounds: try BreakerMachine.Bounds(context.settings), logger: context.logger))
            methods.handle(ImageGenAPI.generate) { request, call in try await studio.generate(request, call) }
            methods.handle(ImageGenAPI.breaker) { request, _ in try await studio.breaker(request) }
            methods.handle(ImageGenAPI.providers) { _, _ in await studio.list() }
        }
    }
}
