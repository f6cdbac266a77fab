// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// All routes of the dashboard.
struct RouteTable: Sendable {
    let page: PageRoutes
    let jobs: JobRoutes
    let media: MediaRoutes
    let stack: StackRoutes
    let drill: DrillRoutes
    let uploads: Uploads
    let metrics: Metrics

    var routes: [Route] {
        [
            // The page
            Route(.GET, "/", handler: page.index),
            Route(.GET, "/jobs/{job}") { (request, _: String) in try page.index(request) },
            Route(.GET, "/services", handler: page.index),
            Route(.GET, "/drill", handler: page.index),
            Route(.GET, "/assets/{name}", handler: page.asset),
            Route(.GET, "/ws", access: .sameOrigin, handler: page.missingUpgrade),

            // Jobs
            Route(.GET, "/api/jobs", handler: jobs.list),
            Route(.POST, "/api/jobs", handler: jobs.start),
            Route(.POST, "/api/estimate", handler: jobs.estimate),
            Route(.POST, "/api/retry-failed", handler: jobs.retryFailed),
            Route(.GET, "/api/jobs/{job}", handler: jobs.status),
            Route(.GET, "/api/jobs/{job}/receipt", handler: jobs.receipt),
            Route(.POST, "/api/jobs/{job}/cancel", handler: jobs.cancel),
            Route(.POST, "/api/jobs/{job}/retry", handler: jobs.retry),
            Route(.POST, "/api/jobs/{job}/upgrade", handler: jobs.upgrade),
            Route(.POST, "/api/uploads", body: .upload, handler: uploads.store),

            // Films and their parts
            Route(.GET, "/api/jobs/{job}/film", immediate: media.immediateFilm, handler: media.film),
            Route(.GET, "/api/jobs/{job}/captions.vtt", handler: media.captions),
            Route(.GET, "/api/jobs/{job}/chapters.vtt", handler: media.chapters),
            Route(
                .GET, "/api/jobs/{job}/segments/{segment}/{file}", immediate: media.immediateSegmentFile,
                handler: media.segmentFile),

            // Services
            Route(.GET, "/api/replicas", handler: stack.replicas),
            Route(.GET, "/api/providers", handler: stack.providers),
            Route(.GET, "/api/breakers", handler: stack.breakers),
            Route(.POST, "/api/breakers/{agent}", handler: stack.setBreaker),
            Route(.POST, "/api/breakers/{service}/{provider}", handler: stack.setProviderBreaker),
            Route(.GET, "/api/drill", handler: drill.show),
            Route(.POST, "/api/drill", handler: drill.start),
            Route(.POST, "/api/drill/stop", handler: drill.stop),
            Route(.GET, "/metrics", handler: metrics.page),
            Route(.GET, "/healthz", access: .open) { _ in .text("ok\n") },
        ]
    }
}
