import Contracts

@testable import ImageGen

extension ImageProvider {
    /// Draws with a book of orders of its own.
    func draw(_ request: GenerateImage, to path: String) async throws -> DrawnImage {
        try await draw(request, to: path, OrderBook(request))
    }
}
