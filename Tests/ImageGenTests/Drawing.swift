// SPDX-License-Identifier: Apache-2.0

import Contracts

@testable import ImageGen

extension ImageProvider {
    /// Generates an image without stored orders.
    func draw(_ request: GenerateImage, to path: String) async throws -> DrawnImage {
        try await draw(request, to: path, CallOrders(request))
    }
}
