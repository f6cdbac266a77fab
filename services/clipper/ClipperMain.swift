import Artifacts
import Contracts
import MediaService
import Prices
import ServiceKit

package enum ClipperMain {
    package static func main() async {
        await ServiceProgram.run(description) { context in try application(context) }
    }

    private static let description = ServiceDescription(
        "clipper", about: "Turns stills into clips, and gives clips their sound.", capacity: 2)

    private static func application(_ context: ServiceContext) throws -> ServiceApplication {
        let prices = try PriceList.read(context.settings.string("UNDERSTUDY_PRICES"))
        let artifacts = try Artifacts(store: context.settings.store, environment: context.settings.environment)
        let media = MediaWork(artifacts: artifacts, blocking: context.blocking)
        let maker = ClipMaker(media: media, price: prices.clip)
        return ServiceApplication(methods: [
            MethodHandler(ClipperAPI.create, maker.create),
            MethodHandler(ClipperAPI.replaceAudio, maker.replaceAudio),
            MethodHandler(ClipperAPI.convert, FilmConverter(media: media).convert),
            MethodHandler(ClipperAPI.probe, MediaJudge(media: media).probe),
        ])
    }
}
