// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP
import JSON
import Testing

@testable import Providers

@Suite(.timeLimit(.minutes(1))) struct OrderSearchTests {
    /// An API whose orders have URLs of their own in each test, since claims are shared by the process.
    private struct FakeAPI: OrderAPI {
        let provider = "acme"
        let baseVariable = "ACME_URL"
        let base = "https://\(UUID().uuidString).invalid"

        func orderRequest() throws(ServiceError) -> HTTPRequest { .get(base) }
        func statusRequest(_ id: OrderID) throws(ServiceError) -> HTTPRequest { .get("\(base)/\(id.pathSegment)") }
        func cancellationRequest(_ id: OrderID) throws(ServiceError) -> HTTPRequest? { nil }
        func report(_ response: HTTPResponse, of id: OrderID?) -> OrderReport? { nil }
    }

    private static let earliest = 1000.0

    private func search(_ api: FakeAPI = FakeAPI()) -> OrderSearch<FakeAPI> {
        OrderSearch(
            api: api, http: HTTPClient(environment: [:]), intervals: OrderPollingIntervals(first: 0, longest: 0),
            claims: OrderClaims())
    }

    private func entry(_ id: String, _ createdAt: Double?, isMatch: Bool = true) throws -> OrderList.Entry {
        let id = try #require(OrderID(id))
        return OrderList.Entry(
            report: OrderReport(id: id, state: .inProgress), createdAt: createdAt, isMatch: isMatch)
    }

    private func page(_ entries: [OrderList.Entry], isLast: Bool = true) -> OrderList {
        OrderList(entries: entries, times: entries.map(\.createdAt), isLast: isLast)
    }

    private func describe(_ result: OrderSearch<FakeAPI>.PageResult) -> String {
        switch result {
        case .found(let report): "found \(report.id)"
        case .notFound(let isClear, let reachesBack): "clear \(isClear), reaches back \(reachesBack)"
        }
    }

    @Test func `an order of the same request since the time is found once`() throws {
        let search = search()
        let page = page([try entry("p1", 1000)])
        #expect(describe(search.examine(page, earliest: Self.earliest)) == "found p1")
        let again = describe(search.examine(page, earliest: Self.earliest))
        #expect(again == "clear false, reaches back true")
    }

    @Test(
        arguments: [
            (879, true, "clear true, reaches back true"), (880, true, "clear false, reaches back true"),
            (999, true, "clear false, reaches back true"), (1000, false, "clear false, reaches back true"),
            (nil, true, "clear false, reaches back true"), (nil, false, "clear false, reaches back true"),
        ] as [(Double?, Bool, String)])
    func `an order that may be the one leaves the search unclear`(
        _ createdAt: Double?, _ isMatch: Bool, _ expected: String
    ) throws {
        let page = page([try entry("p1", createdAt, isMatch: isMatch)])
        #expect(describe(search().examine(page, earliest: Self.earliest)) == expected)
    }

    @Test func `an earlier order that another request has claimed is not the one`() throws {
        let api = FakeAPI()
        let id = try #require(OrderID("p1"))
        #expect(OrderClaims().claim(id, of: api))
        let page = page([try entry("p1", 950)])
        #expect(
            describe(search(api).examine(page, earliest: Self.earliest)) == "clear true, reaches back true")
    }

    @Test func `a page reaches back if it is the last or its oldest order is earlier`() throws {
        let result = { (times: [Double?], isLast: Bool) in
            describe(
                search().examine(OrderList(entries: [], times: times, isLast: isLast), earliest: Self.earliest))
        }
        #expect(result([], true) == "clear true, reaches back true")
        #expect(result([], false) == "clear true, reaches back false")
        #expect(result([1100, 879], false) == "clear true, reaches back true")
        #expect(result([1100, 900], false) == "clear true, reaches back false")
        #expect(result([879, 1100], false) == "clear true, reaches back false")
        #expect(result([1100, nil, 879], false) == "clear true, reaches back false")
    }

    @Test func `without a list of orders the search is unclear`() async throws {
        let finding = try await search().find(since: Self.earliest)
        guard case .unclear = finding else {
            Issue.record("\(finding)")
            return
        }
    }

    @Test func `an order is claimed by one request, in this process and in a shared store`() throws {
        let (api, other) = (FakeAPI(), FakeAPI())
        let id = try #require(OrderID("p1"))
        let claims = OrderClaims()
        #expect(!claims.isClaimed(id, of: api))
        #expect(claims.claim(id, of: api))
        #expect(!OrderClaims().claim(id, of: api) && OrderClaims().isClaimed(id, of: api))
        #expect(!claims.isClaimed(id, of: other))
        let shared = OrderClaims(claim: { _ in false }, isClaimed: { $0.hasSuffix("/p1") })
        #expect(shared.isClaimed(id, of: other) && !shared.claim(id, of: other))
    }

    @Test func `a list of predictions shows which of them may be the order`() throws {
        let order = ReplicateOrder(
            base: "https://api.invalid", token: nil, model: "acme/film", input: ["prompt": "a hill"], kind: .video)
        let text = #"""
            {"next": "https://elsewhere.invalid/v1/predictions?cursor=abc", "results": [
              {"id": "p1", "model": "Acme/Film", "status": "succeeded", "created_at": "2023-11-14T22:13:20Z",
               "input": {"prompt": "a hill", "steps": 4}, "output": "https://x.y/a.mp4"},
              {"id": "p2", "model": "acme/film", "status": "starting", "created_at": "2023-11-14T22:13:10Z",
               "input": {"prompt": "a lake"}},
              {"id": "p3", "model": "other/film", "status": "processing", "created_at": "2023-11-14T22:13:00Z",
               "input": {"prompt": "a hill"}}]}
            """#
        let list = try #require(order.orderList(HTTPResponse(status: 200, body: Data(text.utf8))))
        #expect(list.entries.map { $0.report?.id.text } == ["p1", "p3"])
        #expect(list.entries.map(\.isMatch) == [true, false])
        #expect(list.entries.first?.createdAt == 1_700_000_000 && list.oldest == 1_699_999_980)
        #expect(list.entries.first?.report?.outputs == ["https://x.y/a.mp4"])
        #expect(list.next == "cursor=abc" && !list.isLast)
        let last = HTTPResponse(status: 200, body: Data(#"{"next": null, "results": []}"#.utf8))
        #expect(order.orderList(last)?.isLast == true)
        #expect(order.orderList(HTTPResponse(status: 200, body: Data(#"{"detail": "no"}"#.utf8))) == nil)
    }

    @Test(
        arguments: [
            ("a hill", "a hill by the sea", false), ("a hill...", "a hill by the sea", true),
            ("a hill \u{2026}", "a hill by the sea", true), ("a lake...", "a hill by the sea", false),
            ("a hill", "a hill", true), ("", "a hill", true), ("a hill", nil, true),
        ] as [(String, String?, Bool)])
    func `a listed prompt matches if it is the prompt or a marked beginning of it`(
        _ listed: String, _ sent: String?, _ expected: Bool
    ) {
        #expect(OrderResponse.mayMatch(listed, sent) == expected)
    }

    @Test func `a long listed prompt may be truncated without a mark`() {
        let sent = String(repeating: "hill ", count: 20)
        #expect(OrderResponse.mayMatch(String(sent.prefix(64)), sent))
        #expect(!OrderResponse.mayMatch(String(sent.prefix(63)), sent))
        #expect(!OrderResponse.mayMatch(String(repeating: "lake ", count: 13), sent))
    }
}
