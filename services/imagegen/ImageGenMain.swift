import Artifacts
import Contracts
import ServiceKit

@main
struct ImageGenMain {
    static func main() async {
        await ServiceMain.run("imagegen", about: "Draws a still for a prompt.", capacity: 2) { context, methods in
            let prices = try PriceList.read(context.settings.string("UNDERSTUDY_PRICES"))
            let card = CardProvider(blocking: context.blocking, price: prices.image(provider: "card"))
            let studio = ImageStudio(
                artifacts: Artifacts(), providers: [card],
                delivered: DeliveredStills(folder: "\(context.settings.stateDirectory)/imagegen"))
            methods.handle(ImageGenAPI.generate) { request, call in try await studio.generate(request, call) }
            methods.handle(ImageGenAPI.providers) { _, _ in studio.list() }
        }
    }
}
