// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import TestSupport
import Testing

/// The same faults for each adapter of a paid provider.
///
/// Each fault has a job, all concurrent, with a budget for one order and not for two. The stand-in counts the orders; at least their
/// costs must be booked, and never more than the budget.
@Suite(.serialized, .timeLimit(.minutes(4))) struct PaidOrdersTests {
    enum Adapter: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case image = "images API"
        case still = "Replicate stills"
        case clip = "Replicate clips"
        case video = "videos API"

        var testDescription: String { rawValue }
        var isStill: Bool { self == .still || self == .image }
        var price: USD { isStill ? USD(0.02) : USD(0.5) }
        /// The budget of a job: one order, and the other costs of the film. Dollars.
        var limit: Double { isStill ? 0.035 : 0.6 }
    }

    /// A fault, and its outcome.
    struct Case: Sendable {
        /// How the order is booked.
        enum Booking: Sendable {
            case bought, wasted, unknown, nothing
        }

        let name: String
        let fault: JSONValue
        let booking: Booking
        /// The number of requests that place an order, including rejected ones.
        var orders = 1
        /// A part of the receipt.
        var reason = ""
        /// The fault and outcome for the images API, which has no list of orders.
        var unlisted: (fault: JSONValue, booking: Booking, orders: Int)?

        /// The case for an adapter.
        func of(_ adapter: Adapter) -> Case {
            guard adapter == .image, let unlisted else { return self }
            return Case(name: name, fault: unlisted.fault, booking: unlisted.booking, orders: unlisted.orders)
        }

        /// The case with another outcome without a list of orders.
        func withoutList(_ booking: Booking, fault: JSONValue? = nil) -> Case {
            var copy = self
            copy.unlisted = (fault ?? self.fault, booking, 1)
            return copy
        }
    }

    private static let cases: [Case] = [
        Case(name: "plain", fault: [:], booking: .bought),
        Case(
            name: "processing", fault: ["words": ["pending", "processing", "processing", "SUCCESS"]], booking: .bought),
        Case(name: "gateway", fault: ["lost": 502], booking: .bought, reason: "was found in the list of orders")
            .withoutList(.unknown),
        Case(name: "failed", fault: ["lost": 500], booking: .bought, reason: "was found in the list of orders")
            .withoutList(.unknown),
        Case(name: "busy", fault: ["lost": 503], booking: .bought).withoutList(.unknown),
        Case(name: "redirect", fault: ["lost": 303], booking: .bought).withoutList(.unknown),
        Case(name: "not taken", fault: ["status": 500, "body": ["detail": "internal"]], booking: .bought, orders: 2)
            .withoutList(.unknown),
        Case(
            name: "no credit", fault: ["raw": #"{"id": "req-1", "error": {"code": 402, "message": "no credit left"}}"#],
            booking: .nothing, reason: "no credit left"),
        Case(name: "unreadable", fault: ["lost": true, "raw": "<html>ok</html>"], booking: .bought).withoutList(
            .unknown),
        Case(name: "reset", fault: ["reset": true], booking: .unknown, reason: "may have been taken and billed"),
        Case(
            name: "no order ID", fault: ["raw": "{}"], booking: .unknown,
            reason: "the response to the order contains no order ID"
        ).withoutList(.unknown),
        Case(
            name: "polls",
            fault: [
                "questions": [
                    500, "<html>", 404, ["status": 503, "body": ["status": "error", "message": "busy"]],
                    #"{"status": "fail", "message": "busy"}"#,
                ]
            ], booking: .bought),
        Case(
            name: "expired", fault: ["words": ["queued", "EXPIRED"], "end": "failed"], booking: .unknown,
            reason: "EXPIRED"
        ).withoutList(.unknown),
        Case(name: "throttled", fault: ["status": 429, "body": ["detail": "slow down"]], booking: .bought, orders: 2),
        Case(
            name: "invalid", fault: ["status": 422, "body": ["detail": "no such size"]], booking: .nothing,
            reason: "no such size"),
        Case(name: "late file", fault: ["downloads": [404, 503], "contents": [404, 503]], booking: .bought),
        Case(
            name: "no file",
            fault: [
                "downloads": .array(Array(repeating: 503, count: 9)),
                "contents": .array(Array(repeating: 503, count: 9)),
            ], booking: .wasted, reason: "is booked as billed"
        ).withoutList(.wasted, fault: ["url": "", "lost_downloads": 100]),
        Case(name: "inline", fault: ["output": ["file": "{data}"], "link": "data"], booking: .bought),
    ]

    private func environment(_ adapter: Adapter, _ standIn: StandIn, _ folder: String) -> [String: String] {
        let common = [
            "UNDERSTUDY_PRICES": "\(folder)/prices.json", "UNDERSTUDY_BREAKER_FAILURES": "1000",
            "UNDERSTUDY_REPLICATE_BASE_URL": standIn.url, "REPLICATE_API_TOKEN": "good-key",
        ]
        let own =
            switch adapter {
            case .image:
                [
                    "UNDERSTUDY_IMAGE_PROVIDERS": "openai", "OPENAI_BASE_URL": "\(standIn.url)/v1",
                    "OPENAI_API_KEY": "good-key",
                ]
            case .still: ["UNDERSTUDY_IMAGE_PROVIDERS": "replicate"]
            case .clip: ["UNDERSTUDY_AGENT5_PROVIDER": "replicate", "UNDERSTUDY_REPLICATE_MODEL": "acme/film"]
            case .video:
                [
                    "UNDERSTUDY_AGENT5_PROVIDER": "openai-videos", "UNDERSTUDY_OPENAI_VIDEOS_URL": "\(standIn.url)/v1",
                    "OPENAI_API_KEY": "good-key",
                ]
            }
        return common.merging(own) { $1 }
    }

    private func withAdapter(
        _ adapter: Adapter, arguments: [String] = [], _ body: (LiveStack, StandIn) async throws -> Void
    ) async throws {
        let folder = TemporaryPath.new("orders")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try #"{"lead": {"replicate": {"clip": 0.5}, "openai-videos": {"clip": 0.5}}}"#.write(
            toFile: "\(folder)/prices.json", atomically: true, encoding: .utf8)
        let encoded = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=320x180:r=24:d=5", "-c:v", "libx264", "-preset",
                "ultrafast", "-pix_fmt", "yuv420p", "\(folder)/clip.mp4",
            ])
        #expect(encoded.status == 0, "\(encoded.errors)")
        let standIn = try StandIn(
            adapter == .video ? "openai_videos" : adapter == .image ? "openai_images" : "replicate")
        switch adapter {
        case .image, .still: break
        case .clip: try standIn.send(["deliver": .string("\(folder)/clip.mp4")])
        case .video: try standIn.send(["clips": ["4": .string("\(folder)/clip.mp4")], "listed": true])
        }
        try await LiveStack.with(environment(adapter, standIn, folder), arguments: arguments) {
            try await body($0, standIn)
        }
    }

    @Test(arguments: Adapter.allCases)
    func `a second order is placed only if the first certainly failed; costs are booked and within the budget`(
        _ adapter: Adapter
    ) async throws {
        try await withAdapter(adapter) { stack, standIn in
            var faults: [JSONValue] = []
            let cases = Self.cases.map { $0.of(adapter) }
            for (index, example) in cases.enumerated() {
                try stack.write(
                    #"{"segments": [{"id": "seg", "duration": 1, "visual_guidance": "case \#(index): \#(example.name)"}]}"#,
                    to: stack.artifactPath("agent2/storyboard.json", session: "s\(index)"))
                faults.append(.object((example.fault.object ?? [:]).merging(["for": .string("case \(index):")]) { $1 }))
            }
            try standIn.send(["misbehave": .array(faults)])
            let options: [String: JSONValue] = ["max_cost_usd": .number(adapter.limit)]
            let views = try await withThrowingTaskGroup(of: (Int, JobView).self) { group in
                for index in cases.indices {
                    group.addTask { (index, try await stack.runJob(options, session: "s\(index)")) }
                }
                return try await group.reduce(into: [Int: JobView]()) { $0[$1.0] = $1.1 }
            }
            let seen = try standIn.send(["requests": true])
            let sent = (seen["requests"]?.array ?? []).compactMap { request in
                request["prompt"]?.string ?? request["body"]?["input"]?["prompt"]?.string
                    ?? request["body"]?["prompt"]?.string
            }
            let made = seen["prompts"]?.array?.compactMap(\.string) ?? []
            for (index, example) in cases.enumerated() {
                let view = try #require(views[index])
                let receipt = try String(
                    contentsOfFile: stack.artifactPath("agent5/receipt.json", session: "s\(index)"), encoding: .utf8)
                let name = "\(adapter.rawValue), \(example.name): \(view.error?.message ?? "")"
                #expect(sent.count { $0.hasPrefix("case \(index):") } == example.orders, "\(name)")
                let billed = adapter.price.times(made.count { $0.hasPrefix("case \(index):") })
                check(view, example, adapter, billed, name)
                #expect(example.reason.isEmpty || receipt.contains(example.reason), "\(name): \(receipt)")
            }
        }
    }

    private func check(_ view: JobView, _ example: Case, _ adapter: Adapter, _ billed: USD, _ name: String) {
        let unknown = view.unknown ?? .zero
        let spent = adapter.isStill ? view.costs.understudy : view.costs.lead
        #expect(spent + unknown >= billed, "\(name): \(view.costs.line), \(billed.text) were ordered")
        #expect(view.costs.total + unknown <= USD(adapter.limit), "\(name)")
        #expect(unknown == (example.booking == .unknown ? adapter.price : .zero), "\(name)")
        #expect((view.wasted ?? .zero) == (example.booking == .wasted ? adapter.price : .zero), "\(name)")
        let hasMade = example.booking == .bought
        if adapter.isStill {
            // Without another provider, a missing still ends the job.
            #expect(view.state == (hasMade ? .finished : .error), "\(name)")
        } else {
            #expect(view.state == .finished, "\(name)")
            #expect(view.segments.map(\.maker) == [hasMade ? .lead : .understudy], "\(name)")
        }
    }

    @Test
    func `two replicas with equal requests, one of them lost, never use one order for both`() async throws {
        try await withAdapter(.video, arguments: ["--scale", "agent5=2"]) { stack, standIn in
            try standIn.send(["misbehave": [["words": ["queued", "processing", "succeeded"]], ["reset": true]]])
            let sockets = try stack.runDirectory.instances(of: "agent5").map {
                try stack.runDirectory.socketPath(service: "agent5", instance: $0)
            }
            #expect(sockets.count == 2)
            @Sendable func makeFilm(_ replica: Int) async throws -> JSONValue {
                let segment: JSONValue = ["id": "a", "duration": 1, "visual_guidance": "the same hill"]
                return try await RPCConnection.connect(to: sockets[replica], timeout: .seconds(5)).call(
                    "agent.process",
                    params: [
                        "agent": "agent5", "job_id": .string("job \(replica)"), "user_id": "u", "session_id": "s",
                        "storyboard": ["segments": [segment]], "audio": [],
                        "output_prefix": .string("file://\(stack.store)/\(replica)"),
                        "options": ["width": 320, "height": 180], "idempotency_key": .string("key \(replica)"),
                    ])
            }
            async let first = makeFilm(0)
            try await until("the first order is polled") {
                try standIn.send(["requests": true])["asked"]?.double ?? 0 >= 1
            }
            let error = await #expect(throws: ServiceError.self) { try await makeFilm(1) }
            #expect(error?.unknown == USD(0.5), "\(error?.message ?? "")")
            #expect(try await first["cost_usd"]?.double == 0.5)
            #expect(try standIn.send(["requests": true])["made"] == 1)
        }
    }

    /// Starts a job, kills the service that places orders as soon as a condition is true, and waits for the end of the job.
    private func job(
        _ stack: LiveStack, _ adapter: Adapter, limit: Double, killedWhen condition: () throws -> Bool
    ) async throws -> JobView {
        try stack.writeStoryboard(durations: [1])
        let started = try await stack.connect("orchestrator").call(
            "orchestrator.start",
            params: [
                "user_id": "u", "session_id": "s",
                "options": ["max_cost_usd": .number(limit), "width": 320, "height": 180],
            ])
        try await until("the order is placed") { try condition() }
        let service = adapter.isStill ? "imagegen" : "agent5"
        let pid = try await stack.connect(service).call(ServiceHealth.method, NoParams()).pid ?? 0
        kill(pid_t(pid), SIGKILL)
        return try await stack.waitForEnd(of: started["job_id"]?.string ?? "")
    }

    @Test(arguments: Adapter.allCases)
    func `an accepted order is polled by the process that replaces a killed one`(_ adapter: Adapter) async throws {
        try await withAdapter(adapter) { stack, standIn in
            let words = Array(repeating: JSONValue.string("processing"), count: 5) + ["succeeded"]
            try standIn.send(["misbehave": [["words": .array(words)]]])
            let view = try await job(stack, adapter, limit: adapter.limit) {
                try standIn.send(["requests": true])["asked"]?.double ?? 0 >= 1
            }
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try standIn.send(["requests": true])["requests"]?.array?.count == 1)
            #expect(view.unknown == nil && view.wasted == nil)
            let spent = adapter.isStill ? view.costs.understudy : view.costs.lead
            let lead = view.agents[.lead]?.message ?? ""
            #expect(spent >= adapter.price && spent < adapter.price + adapter.price, "\(view.costs.line), \(lead)")
        }
    }

    @Test(arguments: [true, false])
    func `a still's order interrupted by a kill is found in the list, or booked as unknown and repeated`(_ isMade: Bool)
        async throws
    {
        try await withAdapter(.still) { stack, standIn in
            try standIn.send(["misbehave": [["hold": true, "made": .bool(isMade)]]])
            let view = try await job(stack, .still, limit: 0.1) {
                try standIn.send(["requests": true])["requests"]?.array?.isEmpty == false
            }
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try standIn.send(["requests": true])["made"] == 1)
            #expect(try standIn.send(["requests": true])["requests"]?.array?.count == (isMade ? 1 : 2))
            #expect((view.unknown ?? .zero) == (isMade ? .zero : USD(0.02)) && view.wasted == nil)
        }
    }

    @Test(arguments: zip([Adapter.clip, .clip, .video], [true, false, false]))
    func `a clip's order interrupted by a kill is found in the list, or booked as unknown and not repeated`(
        _ adapter: Adapter, _ isMade: Bool
    ) async throws {
        try await withAdapter(adapter) { stack, standIn in
            try standIn.send(["misbehave": [["hold": true, "made": .bool(isMade)]]])
            let view = try await job(stack, adapter, limit: adapter.limit) {
                try standIn.send(["requests": true])["requests"]?.array?.isEmpty == false
            }
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try standIn.send(["requests": true])["requests"]?.array?.count == 1)
            #expect(view.segments.map(\.maker) == [isMade ? .lead : .understudy])
            #expect(view.costs.lead == (isMade ? USD(0.5) : .zero), "\(view.costs.line)")
            #expect(
                (view.unknown ?? .zero) == (isMade ? .zero : USD(0.5)), "\(view.agents[.lead]?.message ?? "")")
        }
    }
}

extension USD {
    /// The price of a number of orders.
    fileprivate func times(_ count: Int) -> USD {
        (0..<count).reduce(.zero) { sum, _ in sum + self }
    }
}
