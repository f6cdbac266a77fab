import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// Misbehaviour of image servers, counted in orders and money, against OpenAI's shape and against a deployment at Azure.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ImageServerTests {
    private static let price = USD(0.02)

    private let openAI: StandIn
    private let azure: StandIn

    init() throws {
        openAI = try StandIn("openai_images")
        azure = try StandIn("openai_images", ["--azure"])
    }

    private func withStack(
        _ more: [String: String] = [:], arguments: [String] = [], _ body: (LiveStack) async throws -> Void
    ) async throws {
        let extra = [
            "UNDERSTUDY_IMAGE_PROVIDERS": "openai", "OPENAI_API_KEY": "good-key", "OPENAI_BASE_URL": "\(openAI.url)/v1",
            "UNDERSTUDY_IMAGE_COMPATIBLE_URL": "\(azure.url)/openai/deployments/dalle?api-version=2024-10-21",
            "UNDERSTUDY_IMAGE_COMPATIBLE_KEY": "good-key", "UNDERSTUDY_IMAGE_COMPATIBLE_MODEL": "dall-e-3",
            "UNDERSTUDY_IMAGE_TIMEOUT_S": "60", "UNDERSTUDY_ORDER_PATIENCE_S": "1",
            "UNDERSTUDY_BREAKER_FAILURES": "1000",
        ]
        try await LiveStack.with(extra.merging(more) { $1 }, arguments: arguments, body)
    }

    private func orders(_ server: StandIn) throws -> [JSONValue] {
        try server.ask(["requests": true])["requests"]?.array ?? []
    }

    private func request(_ stack: LiveStack, _ name: String, provider: String = "openai") -> GenerateImage {
        GenerateImage(
            prompt: name, width: 640, height: 360, output: "file://\(stack.store)/\(UUID()).png", provider: provider,
            idempotencyKey: "\(provider) \(name) \(UUID())")
    }

    /// Makes one wish to a server that answers each order as the case says, and checks what it cost.
    private func check(_ misbehaviour: ImageServerCase, _ stack: LiveStack, _ server: StandIn, _ provider: String)
        async throws
    {
        let name = "\(provider): \(misbehaviour.name)"
        let before = try orders(server).count
        try server.ask(["misbehave": .array(Array(repeating: misbehaviour.fault, count: misbehaviour.orders))])
        let imagegen = try await stack.connect("imagegen")
        var wish = request(stack, misbehaviour.name, provider: provider)
        wish.maxCost = USD(0.05)
        do {
            let image = try await imagegen.call(ImageGenAPI.generate, wish)
            #expect(misbehaviour.kind == nil, "\(name): a picture")
            #expect(image.cost == Self.price && image.wasted == nil && image.unknown == nil, "\(name)")
            #expect(image.width > 100, "\(name): a preview")
        } catch let error as ServiceError {
            #expect(error.kind == misbehaviour.kind, "\(name): \(error.message)")
            let price = Self.price.micros
            #expect(error.wastedMicros ?? 0 == Int64(misbehaviour.wasted) * price, "\(name): \(error.message)")
            #expect(error.unknownMicros ?? 0 == Int64(misbehaviour.unknown) * price, "\(name): \(error.message)")
            #expect(
                misbehaviour.detail.isEmpty || error.detail?.contains(misbehaviour.detail) == true,
                "\(name): \(error.detail ?? "")")
            #expect(
                misbehaviour.message.isEmpty || error.message.contains(misbehaviour.message),
                "\(name): \(error.message)")
            #expect(error.message.hasPrefix(provider), "\(name): \(error.message)")
            let isClean =
                !error.message.contains("<") && !error.message.contains("secret") && error.message.utf8.count < 400
                && (error.message + (error.detail ?? "")).split(separator: " ").allSatisfy {
                    $0.utf8.count < 60 || $0.hasPrefix("http://")
                }
                && !error.message.contains("c2VjcmV0")
            #expect(isClean, "\(name): \(error.message) \(error.detail ?? "")")
        }
        #expect(try orders(server).count - before == misbehaviour.orders, "\(name)")
        // Nothing is left for the next case.
        let rest = try server.ask(["forget": true])["forgotten"]
        #expect(rest == 0, "\(name)")
    }

    @Test("pictures in the forms of the servers in use are read, each for one order")
    func pictures() async throws {
        try await withStack { stack in
            for misbehaviour in ImageServerCase.pictures {
                try await check(misbehaviour, stack, openAI, "openai")
                try await check(misbehaviour, stack, azure, "openai-compatible")
            }
        }
    }

    @Test("refusals have their kind and their reason, and cost what they may have cost")
    func refusals() async throws {
        try await withStack { stack in
            for misbehaviour in ImageServerCase.refusals {
                try await check(misbehaviour, stack, openAI, "openai")
                try await check(misbehaviour, stack, azure, "openai-compatible")
            }
        }
    }

    @Test("an order of unknown fate is booked and not repeated; an unusable answer is booked before the second order")
    func losses() async throws {
        try await withStack { stack in
            for misbehaviour in ImageServerCase.losses {
                try await check(misbehaviour, stack, openAI, "openai")
                try await check(misbehaviour, stack, azure, "openai-compatible")
            }
            // Where the budget has room for one order alone.
            for misbehaviour in ImageServerCase.losses where misbehaviour.orders == 2 {
                let before = try orders(openAI).count
                try openAI.ask(["misbehave": [misbehaviour.fault]])
                var wish = request(stack, "capped")
                wish.maxCost = USD(0.03)
                let error = await #expect(throws: ServiceError.self) {
                    try await stack.connect("imagegen").call(ImageGenAPI.generate, wish)
                }
                #expect(
                    (error?.wastedMicros ?? 0) + (error?.unknownMicros ?? 0) == Self.price.micros,
                    "\(misbehaviour.name)")
                #expect(try orders(openAI).count - before == 1, "\(misbehaviour.name)")
            }
        }
    }

    @Test("an answer with an id and a state is asked for where servers report it")
    func operations() async throws {
        try await withStack { stack in
            let done: JSONValue = ["template": #"{"id": "$ID", "status": "completed", "results": ["$URL"]}"#]
            let working: JSONValue = ["template": #"{"id": "$ID", "status": "in_progress", "progress": "40%"}"#]
            for (template, path) in [
                (#"{"id": "$ID", "status": "queued"}"#, "/v1/images/generations/op-%d"),
                (#"{"task_id": "$ID", "task_status": "PENDING"}"#, "/v1/tasks/op-%d"),
                (#"{"data": [{"task_id": "$ID", "status": "submitted"}]}"#, "/v1/images/tasks/op-%d"),
                (#"{"job_id": "$ID", "status": "queued"}"#, "/v1/images/op-%d"),
                (#"{"uuid": "$ID", "state": "PENDING"}"#, "/v1/tasks/op-%d"),
                (#"{"generation_id": "$ID"}"#, "/v1/images/generations/op-%d"),
                (#"{"code": 200, "msg": "success", "data": {"taskId": "$ID"}}"#, "/v1/tasks/op-%d"),
            ] {
                let fault: JSONValue = [
                    "template": .string(template), "poll_path": .string(path), "polls": [working, done],
                ]
                try await check(ImageServerCase(name: template, fault: fault), stack, openAI, "openai")
            }
        }
    }

    @Test("an accepted order is asked for again whatever a question is answered; it is never ordered again")
    func questions() async throws {
        try await withStack(["UNDERSTUDY_CAPACITY": "32", "UNDERSTUDY_ORDER_PATIENCE_S": "30"]) { stack in
            let done: JSONValue = ["template": #"{"data": [{"b64_json": "$B64"}]}"#]
            let faults: [JSONValue] = ImageServerCase.questions.enumerated().map { index, answers in
                [
                    "for": .string("question \(index),"), "status": 202, "template": "{}",
                    "headers": ["operation-location": "$POLL"], "polls": .array((answers.array ?? []) + [done]),
                ]
            }
            try openAI.ask(["misbehave": .array(faults)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, answers) in ImageServerCase.questions.enumerated() {
                    let wish = request(stack, "question \(index), of a quay")
                    let imagegen = try await stack.connect("imagegen")
                    group.addTask {
                        do {
                            let image = try await imagegen.call(ImageGenAPI.generate, wish)
                            #expect(image.cost == Self.price && image.attempts == 1, "\(answers)")
                            #expect(image.unknown == nil && image.wasted == nil, "\(answers)")
                        } catch let error as ServiceError {
                            Issue.record("\(answers): \(error.message)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try orders(openAI).count == faults.count)
        }
    }

    @Test("an operation under way when imagegen is killed is asked for by the next process")
    func killedOperation() async throws {
        try await withStack(["UNDERSTUDY_IMAGE_PROVIDERS": "openai-compatible"]) { stack in
            try stack.writeStoryboard(durations: [1])
            let running: JSONValue = ["template": #"{"id": "$ID", "status": "running"}"#]
            let done: JSONValue = ["template": #"{"status": "succeeded", "result": {"data": [{"b64_json": "$B64"}]}}"#]
            try azure.ask([
                "misbehave": [
                    [
                        "status": 202, "headers": ["operation-location": "$POLL?api-version=1"],
                        "template": #"{"id": "$ID", "status": "notRunning"}"#,
                        "polls": .array(Array(repeating: running, count: 4) + [done]),
                    ]
                ]
            ])
            let started = try await stack.connect("orchestrator").call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil))
            while try azure.ask(["requests": true])["polls"]?.double ?? 0 < 1 {
                try await Task.sleep(for: .milliseconds(5))
            }
            let pid = try await stack.connect("imagegen").call(ServiceHealth.method, NoParams()).pid ?? 0
            kill(pid_t(pid), SIGKILL)
            let view = try await stack.end(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try orders(azure).count == 1)
            #expect(view.unknown == nil && view.wasted == nil)
        }
    }

    @Test("a job whose order has an unknown fate orders once, books it and ends in words; the next of the chain draws")
    func jobs() async throws {
        try await withStack { stack in
            try stack.writeStoryboard(durations: [1])
            try openAI.ask(["misbehave": .array(Array(repeating: ["raw": "<html>a</html>", "status": 524], count: 3))])
            let view = try await stack.job(["max_cost_usd": 0.6])
            #expect(view.state == .error)
            #expect(try orders(openAI).count == 1)
            #expect(view.unknown == Self.price && view.wasted == nil && view.costs.total == .zero)
            #expect(view.error?.message.contains("524 with a web page") == true, "\(view.error?.message ?? "")")
            #expect(view.error?.message.contains("not sent again") == true, "\(view.error?.message ?? "")")
        }
        try await withStack(["UNDERSTUDY_IMAGE_PROVIDERS": "openai,card"]) { stack in
            try stack.writeStoryboard(durations: [1])
            let view = try await stack.job(["max_cost_usd": 0.6])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.unknown == Self.price && view.costs.total == USD(0.001))
            #expect(try orders(openAI).count == 2)
        }
    }

    // MARK: - The same picture at the same time

    @Test("calls that want the same picture at the same time buy it once, in one replica and in two")
    func together() async throws {
        try await withStack(arguments: ["--scale", "imagegen=2"]) { stack in
            try openAI.ask(["delay": 1])
            let wishes = (0..<4).map { _ in
                GenerateImage(
                    prompt: "a quay", width: 640, height: 360, output: "file://\(stack.store)/\(UUID()).png",
                    idempotencyKey: "\(UUID())")
            }
            let sockets = try stack.run.instances(of: "imagegen").map {
                try stack.run.socketPath(service: "imagegen", instance: $0)
            }
            #expect(sockets.count == 2)
            let images = try await withThrowingTaskGroup(of: GeneratedImage.self) { group in
                for (index, wish) in wishes.enumerated() {
                    let socket = sockets[index % sockets.count]
                    group.addTask {
                        try await RPCConnection.connect(to: socket, patience: .seconds(5)).call(
                            ImageGenAPI.generate, wish)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(try orders(openAI).count == 1)
            #expect(images.count { $0.cached && $0.saved == Self.price && $0.cost == .zero } == 3)
            #expect(images.count { !$0.cached && $0.cost == Self.price } == 1)
            for wish in wishes {
                #expect(FileManager.default.fileExists(atPath: String(wish.output.dropFirst("file://".count))))
            }
        }
    }

    @Test("two jobs with the same storyboard at the same time pay for its still once")
    func jobsTogether() async throws {
        try await withStack { stack in
            try openAI.ask(["delay": 1])
            let orchestrator = try await stack.connect("orchestrator")
            var jobs: [String] = []
            for session in ["s", "t"] {
                try stack.writeStoryboard(durations: [1], session: session)
                jobs.append(
                    try await orchestrator.call(
                        OrchestratorAPI.start, StartJob(userID: "u", sessionID: session, options: nil)
                    ).jobID)
            }
            var costs: [USD] = []
            for job in jobs {
                let view = try await stack.end(of: job)
                #expect(view.state == .finished, "\(view.error?.message ?? "")")
                costs.append(view.costs.understudy)
            }
            #expect(try orders(openAI).count == 1)
            #expect(costs.sorted() == [USD(0.001), USD(0.021)])
        }
    }

    @Test("a call that waits for the same picture can be cancelled, and orders itself where the first one fails")
    func waiting() async throws {
        try await withStack { stack in
            try openAI.ask(["delay": 2])
            try openAI.ask(["misbehave": [["status": 400, "error": ["message": "no"], "delay": 2]]])
            func wish() -> GenerateImage { request(stack, "a quay") }
            // A replica has two slots.
            let connections = [try await stack.connect("imagegen"), try await stack.connect("imagegen")]
            let (first, second, third) = (wish(), wish(), wish())
            let refused = Task { try await connections[0].call(ImageGenAPI.generate, first) }
            while try orders(openAI).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            let cancelled = Task { try await connections[1].call(ImageGenAPI.generate, second) }
            cancelled.cancel()
            // It ends while the first one still has the picture's hold.
            await #expect(throws: (any Error).self) { try await cancelled.value }
            #expect(try orders(openAI).count == 1)
            let last = Task { () async throws -> GeneratedImage in
                while true {
                    do {
                        return try await connections[1].call(ImageGenAPI.generate, third)
                    } catch let error as ServiceError where error.kind == .busy {
                        // The cancelled one has its slot for a moment more.
                        try await Task.sleep(for: .milliseconds(5))
                    }
                }
            }
            await #expect(throws: ServiceError.self) { try await refused.value }
            #expect(try await last.value.cached == false)
            #expect(try orders(openAI).count == 2)
        }
    }

    @Test("pictures that are meant to differ, and those that no cache keeps, are bought each")
    func apart() async throws {
        func buyTwo(_ stack: LiveStack, fresh: Bool?) async throws {
            let imagegen = try await stack.connect("imagegen")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    var wish = request(stack, "a quay")
                    wish.fresh = fresh
                    let ready = wish
                    group.addTask {
                        let image = try await imagegen.call(ImageGenAPI.generate, ready)
                        #expect(!image.cached)
                    }
                }
                try await group.waitForAll()
            }
        }
        try await withStack { stack in
            try await buyTwo(stack, fresh: true)
            #expect(try orders(openAI).count == 2)
        }
        try await withStack(["UNDERSTUDY_IMAGE_CACHE_BYTES": "0"]) { stack in
            try await buyTwo(stack, fresh: nil)
            #expect(try orders(openAI).count == 4)
        }
    }
}
