import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// The same misbehaviour for each adapter of a provider that is paid for: a job each, at the same time, within a limit for one order
/// and not for two. Stand-ins count what was ordered; what is booked must be no less, and never more than the limit.
@Suite(.serialized, .timeLimit(.minutes(4))) struct PaidOrdersTests {
    enum Adapter: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case image = "images API"
        case still = "Replicate stills"
        case clip = "Replicate clips"
        case video = "videos API"

        var testDescription: String { rawValue }
        var isStill: Bool { self == .still || self == .image }
        var price: USD { isStill ? USD(0.02) : USD(0.5) }
        /// Room for one order and what the film costs beside it.
        var limit: Double { isStill ? 0.035 : 0.6 }
    }

    /// What becomes of a job.
    struct Case: Sendable {
        enum Money: Sendable {
            case bought, wasted, unknown, nothing
        }

        let name: String
        let fault: JSONValue
        let money: Money
        /// Requests that place an order, refused ones included.
        var orders = 1
        /// What an operator reads in the receipt.
        var words = ""
        /// For servers of the images API, which have no list of orders.
        var unlisted: (fault: JSONValue, money: Money, orders: Int)?

        func of(_ adapter: Adapter) -> Case {
            guard adapter == .image, let unlisted else { return self }
            return Case(name: name, fault: unlisted.fault, money: unlisted.money, orders: unlisted.orders)
        }

        /// The case with another outcome where there is no list.
        func withoutList(_ money: Money, fault: JSONValue? = nil) -> Case {
            var one = self
            one.unlisted = (fault ?? self.fault, money, 1)
            return one
        }
    }

    private static let cases: [Case] = [
        Case(name: "plain", fault: [:], money: .bought),
        Case(
            name: "processing", fault: ["words": ["pending", "processing", "processing", "SUCCESS"]], money: .bought),
        Case(name: "gateway", fault: ["lost": 502], money: .bought, words: "was found in the list of orders")
            .withoutList(.unknown),
        Case(name: "failed", fault: ["lost": 500], money: .bought, words: "was found in the list of orders")
            .withoutList(.unknown),
        Case(name: "busy", fault: ["lost": 503], money: .bought).withoutList(.unknown),
        Case(name: "elsewhere", fault: ["lost": 303], money: .bought).withoutList(.unknown),
        Case(name: "not taken", fault: ["status": 500, "body": ["detail": "internal"]], money: .bought, orders: 2)
            .withoutList(.unknown),
        Case(
            name: "no credit", fault: ["raw": #"{"id": "req-1", "error": {"code": 402, "message": "no credit left"}}"#],
            money: .nothing, words: "no credit left"),
        Case(name: "unreadable", fault: ["lost": true, "raw": "<html>ok</html>"], money: .bought).withoutList(.unknown),
        Case(name: "vanished", fault: ["reset": true], money: .unknown, words: "may have been taken and billed"),
        Case(
            name: "nothing made", fault: ["raw": "{}"], money: .unknown, words: "the answer to the order names no order"
        ).withoutList(.unknown),
        Case(
            name: "questions",
            fault: [
                "questions": [
                    500, "<html>", 404, ["status": 503, "body": ["status": "error", "message": "busy"]],
                    #"{"status": "fail", "message": "busy"}"#,
                ]
            ], money: .bought),
        Case(
            name: "expired", fault: ["words": ["queued", "EXPIRED"], "end": "failed"], money: .unknown, words: "EXPIRED"
        ).withoutList(.unknown),
        Case(name: "throttled", fault: ["status": 429, "body": ["detail": "slow down"]], money: .bought, orders: 2),
        Case(
            name: "invalid", fault: ["status": 422, "body": ["detail": "no such size"]], money: .nothing,
            words: "no such size"),
        Case(name: "late file", fault: ["downloads": [404, 503], "contents": [404, 503]], money: .bought),
        Case(
            name: "no file",
            fault: [
                "downloads": .array(Array(repeating: 503, count: 9)),
                "contents": .array(Array(repeating: 503, count: 9)),
            ], money: .wasted, words: "may have been billed"
        ).withoutList(.wasted, fault: ["url": "", "lost_downloads": 100]),
        Case(name: "inline", fault: ["output": ["file": "{data}"], "link": "data"], money: .bought),
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
        let folder = "/tmp/us-orders-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try #"{"lead": {"replicate": {"clip": 0.5}, "openai-videos": {"clip": 0.5}}}"#.write(
            toFile: "\(folder)/prices.json", atomically: true, encoding: .utf8)
        let made = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=320x180:r=24:d=5", "-c:v", "libx264", "-preset",
                "ultrafast", "-pix_fmt", "yuv420p", "\(folder)/clip.mp4",
            ])
        #expect(made.status == 0, "\(made.errors)")
        let standIn = try StandIn(
            adapter == .video ? "openai_videos" : adapter == .image ? "openai_images" : "replicate")
        switch adapter {
        case .image, .still: break
        case .clip: try standIn.ask(["deliver": .string("\(folder)/clip.mp4")])
        case .video: try standIn.ask(["clips": ["4": .string("\(folder)/clip.mp4")], "listed": true])
        }
        try await LiveStack.with(environment(adapter, standIn, folder), arguments: arguments) {
            try await body($0, standIn)
        }
    }

    @Test(
        "no wish has two orders unless the first certainly failed, nothing passes the limit, everything is booked",
        arguments: Adapter.allCases)
    func misbehaviour(_ adapter: Adapter) async throws {
        try await withAdapter(adapter) { stack, standIn in
            var faults: [JSONValue] = []
            let cases = Self.cases.map { $0.of(adapter) }
            for (index, one) in cases.enumerated() {
                try stack.write(
                    #"{"segments": [{"id": "seg", "duration": 1, "visual_guidance": "case \#(index): \#(one.name)"}]}"#,
                    to: stack.place("agent2/storyboard.json", session: "s\(index)"))
                faults.append(.object((one.fault.object ?? [:]).merging(["for": .string("case \(index):")]) { $1 }))
            }
            try standIn.ask(["misbehave": .array(faults)])
            let options: JSONValue = ["max_cost_usd": .number(adapter.limit), "width": 320, "height": 180]
            let views = try await withThrowingTaskGroup(of: (Int, JobView).self) { group in
                for index in cases.indices {
                    group.addTask { (index, try await stack.job(options, session: "s\(index)")) }
                }
                return try await group.reduce(into: [Int: JobView]()) { $0[$1.0] = $1.1 }
            }
            let seen = try standIn.ask(["requests": true])
            let sent = (seen["requests"]?.array ?? []).compactMap { request in
                request["prompt"]?.string ?? request["body"]?["input"]?["prompt"]?.string
                    ?? request["body"]?["prompt"]?.string
            }
            let made = seen["prompts"]?.array?.compactMap(\.string) ?? []
            for (index, one) in cases.enumerated() {
                let view = try #require(views[index])
                let receipt = try String(
                    contentsOfFile: stack.place("agent5/receipt.json", session: "s\(index)"), encoding: .utf8)
                let name = "\(adapter.rawValue), \(one.name): \(view.error?.message ?? "")"
                #expect(sent.count { $0.hasPrefix("case \(index):") } == one.orders, "\(name)")
                let billed = adapter.price.times(made.count { $0.hasPrefix("case \(index):") })
                check(view, one, adapter, billed, name)
                #expect(one.words.isEmpty || receipt.contains(one.words), "\(name): \(receipt)")
            }
        }
    }

    private func check(_ view: JobView, _ one: Case, _ adapter: Adapter, _ billed: USD, _ name: String) {
        let unknown = view.unknown ?? .zero
        let spent = adapter.isStill ? view.costs.understudy : view.costs.lead
        #expect(spent + unknown >= billed, "\(name): \(view.costs.line), \(billed.text) were ordered")
        #expect(view.costs.total + unknown <= USD(adapter.limit), "\(name)")
        #expect(unknown == (one.money == .unknown ? adapter.price : .zero), "\(name)")
        #expect((view.wasted ?? .zero) == (one.money == .wasted ? adapter.price : .zero), "\(name)")
        let hasMade = one.money == .bought
        if adapter.isStill {
            // Without another provider, a still that cannot be had is the end of the job, with its reason.
            #expect(view.state == (hasMade ? .finished : .error), "\(name)")
        } else {
            #expect(view.state == .finished, "\(name)")
            #expect(view.segments.map(\.maker) == [hasMade ? .lead : .understudy], "\(name)")
        }
    }

    @Test("two replicas that have two equal wishes, of which one was lost, never take one order for both")
    func replicas() async throws {
        try await withAdapter(.video, arguments: ["--scale", "agent5=2"]) { stack, standIn in
            try standIn.ask(["misbehave": [["words": ["queued", "processing", "succeeded"]], ["reset": true]]])
            let sockets = try stack.run.instances(of: "agent5").map {
                try stack.run.socketPath(service: "agent5", instance: $0)
            }
            #expect(sockets.count == 2)
            @Sendable func film(_ place: Int) async throws -> JSONValue {
                let segment: JSONValue = ["id": "a", "duration": 1, "visual_guidance": "the same hill"]
                return try await RPCConnection.connect(to: sockets[place], patience: .seconds(5)).call(
                    "agent.process",
                    params: [
                        "agent": "agent5", "job_id": .string("job \(place)"), "user_id": "u", "session_id": "s",
                        "storyboard": ["segments": [segment]], "audio": [],
                        "output_prefix": .string("file://\(stack.store)/\(place)"),
                        "options": ["width": 320, "height": 180], "idempotency_key": .string("key \(place)"),
                    ])
            }
            async let first = film(0)
            while try standIn.ask(["requests": true])["asked"]?.double ?? 0 < 1 {
                try await Task.sleep(for: .milliseconds(5))
            }
            let error = await #expect(throws: ServiceError.self) { try await film(1) }
            #expect(error?.unknown == USD(0.5), "\(error?.message ?? "")")
            #expect(try await first["cost_usd"]?.double == 0.5)
            #expect(try standIn.ask(["requests": true])["made"] == 1)
        }
    }

    /// Starts a job, kills the service that orders as soon as a condition holds, and waits for the end.
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
        while try !condition() { try await Task.sleep(for: .milliseconds(5)) }
        let service = adapter.isStill ? "imagegen" : "agent5"
        let pid = try await stack.connect(service).call(ServiceHealth.method, NoParams()).pid ?? 0
        kill(pid_t(pid), SIGKILL)
        return try await stack.end(of: started["job_id"]?.string ?? "")
    }

    @Test("an accepted order is asked for by the process that comes after a killed one", arguments: Adapter.allCases)
    func killedWhileWaiting(_ adapter: Adapter) async throws {
        try await withAdapter(adapter) { stack, standIn in
            let words = Array(repeating: JSONValue.string("processing"), count: 5) + ["succeeded"]
            try standIn.ask(["misbehave": [["words": .array(words)]]])
            let view = try await job(stack, adapter, limit: adapter.limit) {
                try standIn.ask(["requests": true])["asked"]?.double ?? 0 >= 1
            }
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try standIn.ask(["requests": true])["requests"]?.array?.count == 1)
            #expect(view.unknown == nil && view.wasted == nil)
            let spent = adapter.isStill ? view.costs.understudy : view.costs.lead
            #expect(spent >= adapter.price && spent < adapter.price + adapter.price, "\(view.costs.line)")
        }
    }

    @Test(
        "a still's order under way when imagegen is killed is found in the list, or counts as unknown and is followed by another",
        arguments: [true, false])
    func killedWhileSendingStill(_ isMade: Bool) async throws {
        try await withAdapter(.still) { stack, standIn in
            try standIn.ask(["misbehave": [["hold": true, "made": .bool(isMade)]]])
            let view = try await job(stack, .still, limit: 0.1) {
                try standIn.ask(["requests": true])["requests"]?.array?.isEmpty == false
            }
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try standIn.ask(["requests": true])["made"] == 1)
            #expect(try standIn.ask(["requests": true])["requests"]?.array?.count == (isMade ? 1 : 2))
            #expect((view.unknown ?? .zero) == (isMade ? .zero : USD(0.02)) && view.wasted == nil)
        }
    }

    @Test(
        "an order under way when agent5 is killed before the answer is found in the list, or counts as unknown; none is repeated",
        arguments: zip([Adapter.clip, .clip, .video], [true, false, false]))
    func killedWhileSending(_ adapter: Adapter, _ isMade: Bool) async throws {
        try await withAdapter(adapter) { stack, standIn in
            try standIn.ask(["misbehave": [["hold": true, "made": .bool(isMade)]]])
            let view = try await job(stack, adapter, limit: adapter.limit) {
                try standIn.ask(["requests": true])["requests"]?.array?.isEmpty == false
            }
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try standIn.ask(["requests": true])["requests"]?.array?.count == 1)
            #expect(view.segments.map(\.maker) == [isMade ? .lead : .understudy])
            #expect(view.costs.lead == (isMade ? USD(0.5) : .zero), "\(view.costs.line)")
            #expect((view.unknown ?? .zero) == (isMade ? .zero : USD(0.5)))
        }
    }
}

extension USD {
    fileprivate func times(_ count: Int) -> USD {
        (0..<count).reduce(.zero) { sum, _ in sum + self }
    }
}
