// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Testing

@testable import Dashboard

@Suite(.timeLimit(.minutes(1))) struct RouterTests {
    private enum Shape: String, PathParameter { case circle, square }

    private let router = Router([
        Route(.GET, "/things") { _ in .text("all") },
        Route(.POST, "/things") { _ in .text("new") },
        Route(.GET, "/things/{id}/as/{shape}") { (_, id: String, shape: Shape) in .text("\(id) as \(shape)") },
        Route(.POST, "/things/{id}/stop") { (_, id: String) in .text("stopped \(id)") },
    ])

    /// The response of the route that is found; `nil` if none is.
    private func text(_ method: HTTPMethod, _ path: [String]) async throws -> String? {
        guard case .found(let match) = router.match(method, path) else { return nil }
        return try await match.respond(WebRequest(method, "/")).bodyText
    }

    private func allowed(_ method: HTTPMethod, _ path: [String]) -> [HTTPMethod]? {
        if case .methodNotAllowed(let methods) = router.match(method, path) { methods } else { nil }
    }

    @Test func `routes of the same path are distinguished by their method`() async throws {
        #expect(try await text(.GET, ["things"]) == "all")
        #expect(try await text(.POST, ["things"]) == "new")
    }

    @Test func `the route of GET answers HEAD`() async throws {
        #expect(try await text(.HEAD, ["things"]) == "all")
    }

    @Test func `variable components are passed to the handler in order`() async throws {
        #expect(try await text(.GET, ["things", "a/b", "as", "circle"]) == "a/b as circle")
        #expect(try await text(.POST, ["things", "7", "stop"]) == "stopped 7")
    }

    @Test func `a component that is not of its parameter's type matches no route`() {
        guard case .notFound = router.match(.GET, ["things", "a", "as", "triangle"]) else {
            Issue.record("a triangle was found")
            return
        }
    }

    @Test(arguments: [[], ["thing"], ["things", "a"], ["things", "a", "stop", "now"], ["Things"]])
    func `an unknown path is not found with any method`(_ path: [String]) {
        for method in [HTTPMethod.GET, .HEAD, .POST, .DELETE] {
            guard case .notFound = router.match(method, path) else {
                Issue.record("\(method) \(path) was found")
                continue
            }
        }
    }

    @Test func `a path with another method names the allowed ones`() {
        #expect(allowed(.PUT, ["things"]) == [.GET, .HEAD, .POST])
        #expect(allowed(.GET, ["things", "a", "stop"]) == [.POST])
        #expect(allowed(.POST, ["things", "a", "as", "square"]) == [.GET, .HEAD])
    }
}
