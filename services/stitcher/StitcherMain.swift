import AWS
import Artifacts
import Contracts
import MediaService
import ServiceKit

@main
struct StitcherMain {
    static func main() async {
        await ServiceMain.run("stitcher", about: "Joins clips and narrations to one film.", capacity: 2) {
            context, methods in
            let prices = try PriceList.read(context.settings.string("UNDERSTUDY_PRICES"))
            let stitcher = FilmStitcher(
                media: MediaWork(artifacts: Artifacts(), blocking: context.blocking), price: prices.stitch(.local))
            methods.handle(StitcherAPI.stitch) { request, call in try await stitcher.stitch(request, call) }
            let role = MediaConvertRole(account: AWSAccount(ofService: context.settings.environment))
            methods.handle(StitcherAPI.setupRole) { request, _ in try await role.setUp(request) }
            methods.handle(StitcherAPI.jobStatus) { _, _ in throw MediaConvert.unavailable }
        }
    }
}
