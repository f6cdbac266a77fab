import Blocking
import Contracts
import Drawing

/// Cards: designed pictures made on this machine; they cost nothing unless the list of prices says otherwise.
struct CardProvider: ImageProvider {
    let blocking: BlockingPool
    /// Of one card.
    let price: USD

    let name = "card"

    var info: ImageProviderInfo {
        ImageProviderInfo(
            name: name, isDefault: false, models: [CardPainter.version], maxWidth: 8192, maxHeight: 8192, cost: price,
            needsNetwork: false)
    }

    func model(of request: GenerateImage) -> String { CardPainter.version }

    func draw(_ request: GenerateImage, to path: String, _ orders: OrderBook) async throws -> DrawnImage {
        let unknown = try await blocking.run { _ in
            let card = try CardPainter.paint(
                prompt: request.prompt, width: request.width, height: request.height, seed: request.seed)
            try card.canvas.writePNG(to: path)
            return card.type.unknownGlyphs
        }
        let warnings =
            unknown == 0
            ? []
            : ["\(unknown) characters of the prompt have no picture in any installed font: install fonts-noto-core"]
        return DrawnImage(
            width: request.width, height: request.height, mediaType: "image/png", model: CardPainter.version,
            cost: price, attempts: 1, warnings: warnings)
    }
}
