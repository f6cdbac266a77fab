// SPDX-License-Identifier: Apache-2.0

import Contracts

/// A provider of images.
///
/// A new provider is one type that conforms to this protocol, and an entry in `ProviderList`.
protocol ImageProvider: Sendable {
    /// The name in parameters, settings, errors and price lists.
    var name: String { get }

    /// The provider's capabilities and price. `ImageGenMethods` sets `isDefault` and `breaker`.
    var info: ImageProviderInfo { get }

    /// The model that is used for a request.
    func model(of request: GenerateImage) -> String

    /// Generates an image and writes it as a PNG, JPEG or WebP file.
    ///
    /// - Parameters:
    ///   - request: The parameters of the call.
    ///   - path: The path of the file.
    ///   - orders: Records each order of a provider that charges.
    /// - Throws: `ServiceError`; no file is written then.
    func draw(_ request: GenerateImage, to path: String, _ orders: CallOrders) async throws -> DrawnImage

    /// Whether `draw` can continue an order that an earlier process sent for the same request.
    func canContinue(_ order: OrderRecord.Order, of request: GenerateImage) -> Bool
}

extension ImageProvider {
    func canContinue(_ order: OrderRecord.Order, of request: GenerateImage) -> Bool { false }
}

/// An image that a provider generated.
struct DrawnImage: Sendable {
    /// The width in pixels.
    var width: Int
    /// The height in pixels.
    var height: Int
    var mediaType: String
    var model: String
    var cost: USD
    /// The number of orders.
    var attempts: Int
    var warnings: [String]
}
