// SPDX-License-Identifier: Apache-2.0

import Faults

/// The page itself: one document for all its addresses, and the assets that it loads.
struct PageRoutes: Sendable {
    let assets: Assets

    /// `GET /` and the other addresses of the page, which its script tells apart.
    func index(_ request: WebRequest) throws -> WebResponse {
        try asset(request, name: "index.html")
    }

    /// `GET /assets/{name}`
    func asset(_ request: WebRequest, name: String) throws -> WebResponse {
        guard let response = assets.response(name, request) else {
            throw ServiceError(.notFound, "no such asset: \(name.prefix(100))")
        }
        return response
    }

    /// `GET /ws` without an upgrade, or with one that `WebServer` did not accept.
    ///
    /// - Throws: `invalid_params` for a wrong query, else `invalid_request`.
    func missingUpgrade(_ request: WebRequest) throws -> WebResponse {
        _ = try WatchQuery(request)
        throw ServiceError(.invalidRequest, "/ws is a WebSocket endpoint: upgrade the connection")
    }
}
