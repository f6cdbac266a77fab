// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import NIOHTTP1
import Testing

@testable import Dashboard

/// The dashboard's own table of routes.
@Suite(.timeLimit(.minutes(1))) struct RouteTableTests {
    @Test func `every handler takes as many values as its pattern has variables`() throws {
        for route in try Fixtures.routes() {
            #expect(route.parameterCount == route.pattern.variableCount, "\(route.method) \(route.pattern)")
        }
    }

    @Test func `openapi.json describes every route, and no other`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try Data(contentsOf: root.appending(path: "services/dashboard/openapi.json"))
        let paths = try #require(try JSONCoding.decode(JSONValue.self, from: text)["paths"]?.object)
        let described = paths.flatMap { path, item in
            ["get", "post"].filter { item[$0] != nil }.map { "\($0.uppercased()) \(path)" }
        }
        #expect(Set(described) == Set(try Fixtures.routes().map { "\($0.method) \($0.pattern)" }))
        #expect(paths.values.allSatisfy { ($0["get"] == nil) == ($0["head"] == nil) })
    }

    @Test func `no two routes have the same method and pattern`() throws {
        let names = try Fixtures.routes().map { "\($0.method) \($0.pattern)" }
        #expect(Set(names).count == names.count)
    }

    @Test func `only the health check is open, and only the WebSocket checks the origin of GET`() throws {
        let routes = try Fixtures.routes()
        #expect(routes.filter { $0.access == .open }.map(\.pattern.description) == ["/healthz"])
        #expect(routes.filter { $0.access == .sameOrigin }.map(\.pattern.description) == ["/ws"])
    }

    @Test func `only uploads are streamed to the disk, and routes of GET have no body`() throws {
        let routes = try Fixtures.routes()
        #expect(routes.filter { $0.body == .upload }.map(\.pattern.description) == ["/api/uploads"])
        #expect(routes.allSatisfy { ($0.method == .GET) == ($0.body == .none) })
    }

    @Test(arguments: ["/", "/jobs/new", "/jobs/job-1", "/services", "/drill"])
    func `every address of the page is answered with the page`(_ path: String) async throws {
        let response = try await Fixtures.site(Fixtures.routes()).respond(to: WebRequest(.GET, path))
        #expect(response.status == .ok && response.bodyText.contains("<main"))
    }
}
