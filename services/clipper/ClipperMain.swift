import Artifacts
import Contracts
import MediaService
import Prices
import ServiceKit

package enum ClipperMain {
    package static func main() async {
        await ServiceMain.run("clipper", about: "Turns stills into clips, and gives clips their sound.", capacity: 2) {
            context, methods in
            let prices = try PriceList.read(context.settings.string("UNDERSTUDY_PRICES"))
            let artifacts = try Artifacts(
                store: context.settings.store, environment: context.settings.environment)
            let media = MediaWork(artifacts: artifacts, blocking: context.blocking)
            let (maker, judge) = (ClipMaker(media: media, price: prices.clip), MediaJudge(media: media))
            methods.handle(ClipperAPI.create) { request, call in try await maker.create(request, call) }
            methods.handle(ClipperAPI.replaceAudio) { request, call in try await maker.replaceAudio(request, call) }
            let converter = FilmConverter(media: media)
            methods.handle(ClipperAPI.convert) { request, call in try await converter.convert(request, call) }
            methods.handle(ClipperAPI.probe) { request, call in try await judge.probe(request, call) }
        }
    }
}
