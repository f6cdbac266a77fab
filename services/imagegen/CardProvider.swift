// SPDX-License-Identifier: Apache-2.0

import Blocking
import Contracts
import Drawing

/// The provider `card`: paints cards on this machine. They are free unless the price list says otherwise.
struct CardProvider: ImageProvider {
    let blocking: BlockingPool
    /// The price of one card.
    let price: USD

    let name = "card"

    var info: ImageProviderInfo {
        ImageProviderInfo(
            name: name, isDefault: false, models: [CardPainter.version], maxWidth: 8192, maxHeight: 8192, cost: price,
            needsNetwork: false)
    }

    func model(of request: GenerateImage) -> String { CardPainter.version }

    func draw(_ request: GenerateImage, to path: String, _ orders: CallOrders) async throws -> DrawnImage {
        let unknown = try await blocking.run { _ in
            let card = try CardPainter.paint(
                prompt: request.prompt, width: request.width, height: request.height, seed: request.seed)
            try card.canvas.writePNG(to: path)
            return card.type.unknownGlyphs
        }
        let warnings =
            unknown == 0
            ? []
            : ["\(unknown) characters of the prompt have no glyph in any installed font: install fonts-noto-core"]
        return DrawnImage(
            width: request.width, height: request.height, mediaType: "image/png", model: CardPainter.version,
            cost: price, attempts: 1, warnings: warnings)
    }
}
