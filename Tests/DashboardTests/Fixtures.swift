// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Foundation
import Logging
import NIOHTTP1
import Secrets
import ServicePool

@testable import Dashboard

/// Parts of the dashboard that call no service: nothing is running in their run directory.
enum Fixtures {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let directory = RunDirectory(path: "/nonexistent/understudy")
    static let pools = ServicePools(runDirectory: directory, logger: logger)

    static func uploads(folder: String = "/nonexistent/uploads", quota: Int = 1000) throws -> Uploads {
        let store = try ArtifactURI("file:///nonexistent/store")
        return Uploads(
            folder: folder, quota: UploadQuota(maximum: quota), artifacts: Artifacts(),
            folders: JobFolders(pools: pools, defaultStore: store))
    }

    static func site(token: String? = nil, hosts: Set<String> = [], _ routes: [Route]) throws -> Site {
        Site(
            access: AccessPolicy(token: token.map { Secret($0) }, hosts: hosts), router: Router(routes),
            uploads: try uploads(), logger: logger)
    }

    /// The dashboard's own routes.
    static func routes() throws -> [Route] {
        let uploads = try uploads()
        let stack = StackRoutes(directory: directory, pools: pools)
        let broadcaster = StatusBroadcaster(
            OrchestratorLink(directory: directory), stallTimeout: .seconds(1), logger: logger)
        let storyboards = OversizedStoryboard(artifacts: uploads.artifacts, folders: uploads.folders)
        return RouteTable(
            page: PageRoutes(assets: Assets(Page.files)), jobs: JobRoutes(pools: pools, storyboards: storyboards),
            media: MediaRoutes(cache: JobCache { id in job(id) }, artifacts: uploads.artifacts), stack: stack,
            drill: DrillRoutes(runner: DrillRunner(program: nil, logger: logger)), uploads: uploads,
            metrics: Metrics(pools: pools, stack: stack, broadcaster: broadcaster)
        ).routes
    }

    static func job(_ id: String) -> JobView {
        JobView(
            jobID: id, userID: "u", sessionID: "s", supersessionID: nil, state: .running,
            createdAt: Timestamp(milliseconds: 0), updatedAt: Timestamp(milliseconds: 0), agents: [:], segments: [],
            progress: Contracts.Progress(done: 0, total: 1), costs: Costs(), videoURL: nil, error: nil, warnings: [])
    }

    /// Runs `body` with an empty folder, which is removed afterwards.
    static func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "us-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }
}

extension WebRequest {
    /// A request of a browser on this machine, unless `headers` name another host.
    init(_ method: HTTPMethod, _ target: String, _ headers: HTTPHeaders = [:]) throws {
        var headers = headers
        if headers["Host"].isEmpty { headers.add(name: "Host", value: "localhost:8686") }
        try self.init(HTTPRequestHead(version: .http1_1, method: method, uri: target, headers: headers))
    }
}

extension WebResponse {
    /// The body, if it is in memory.
    var bodyText: String { if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" } }
}

extension Site.Admission {
    /// The response to a request that was not admitted.
    var refusal: WebResponse? { if case .refused(let response) = self { response } else { nil } }
}
