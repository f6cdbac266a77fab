// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// The drill of the page.
struct DrillRoutes: Sendable {
    let runner: DrillRunner

    /// `GET /api/drill`
    func show(_ request: WebRequest) async throws -> WebResponse { try .json(try await runner.view()) }

    /// `POST /api/drill`
    func start(_ request: WebRequest) async throws -> WebResponse {
        try .json(try await runner.start(), status: .accepted)
    }

    /// `POST /api/drill/stop`
    func stop(_ request: WebRequest) async throws -> WebResponse { try .json(try await runner.stop()) }
}
