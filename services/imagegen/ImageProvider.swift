import Contracts

/// Somebody who draws pictures.
protocol ImageProvider: Sendable {
    var name: String { get }

    /// What it can do; `isDefault` is filled in by who lists it.
    var info: ImageProviderInfo { get }

    /// The model that a request leads to.
    func model(of request: GenerateImage) -> String

    /// Draws a picture and writes it, as a PNG, JPEG or WebP file, to a path of this machine.
    ///
    /// - Parameter orders: where a provider that charges books each order.
    /// - Throws: `ServiceError`; nothing is kept then.
    func draw(_ request: GenerateImage, to path: String, _ orders: OrderBook) async throws -> DrawnImage

    /// Whether `draw` can ask for the end of an order that an earlier process sent for the same request.
    func canContinue(_ order: OrderRecord.Order, of request: GenerateImage) -> Bool
}

extension ImageProvider {
    func canContinue(_ order: OrderRecord.Order, of request: GenerateImage) -> Bool { false }
}

/// What a provider made.
struct DrawnImage: Sendable {
    /// -> pixels.
    var width: Int
    var height: Int
    var mediaType: String
    var model: String
    var cost: USD
    /// How many times the work was tried.
    var attempts: Int
    var warnings: [String]
}
