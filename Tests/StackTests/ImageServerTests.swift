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

/// Faulty responses of image servers, with OpenAI's API and with a deployment at Azure: orders and costs are counted.
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
        try server.send(["requests": true])["requests"]?.array ?? []
    }

    private func request(_ stack: LiveStack, _ name: String, provider: String = "openai") -> GenerateImage {
        GenerateImage(
            prompt: name, width: 640, height: 360, output: "file://\(stack.store)/\(UUID()).png", provider: provider,
            idempotencyKey: "\(provider) \(name) \(UUID())")
    }

    /// Requests one image from a server that responds as in a case, and checks the outcome and the costs.
    private func check(_ example: ImageServerCase, _ stack: LiveStack, _ server: StandIn, _ provider: String)
        async throws
    {
        let name = "\(provider): \(example.name)"
        let before = try orders(server).count
        try server.send(["misbehave": .array(Array(repeating: example.fault, count: example.orders))])
        let imagegen = try await stack.connect("imagegen")
        var request = request(stack, example.name, provider: provider)
        request.maxCost = USD(0.05)
        do {
            let image = try await imagegen.call(ImageGenAPI.generate, request)
            #expect(example.kind == nil, "\(name): a picture")
            #expect(image.cost == Self.price && image.wasted == nil && image.unknown == nil, "\(name)")
            #expect(image.width > 100, "\(name): a preview")
        } catch let error as ServiceError {
            #expect(error.kind == example.kind, "\(name): \(error.message)")
            let price = Self.price.micros
            #expect(error.wastedMicros ?? 0 == Int64(example.wasted) * price, "\(name): \(error.message)")
            #expect(error.unknownMicros ?? 0 == Int64(example.unknown) * price, "\(name): \(error.message)")
            #expect(
                example.detail.isEmpty || error.detail?.contains(example.detail) == true,
                "\(name): \(error.detail ?? "")")
            #expect(
                example.message.isEmpty || error.message.contains(example.message),
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
        #expect(try orders(server).count - before == example.orders, "\(name)")
        // No response is left for the next case.
        let rest = try server.send(["forget": true])["forgotten"]
        #expect(rest == 0, "\(name)")
    }

    @Test
    func `images are read in every form that servers use, with one order each`() async throws {
        try await withStack { stack in
            for example in ImageServerCase.images {
                try await check(example, stack, openAI, "openai")
                try await check(example, stack, azure, "openai-compatible")
            }
        }
    }

    @Test
    func `rejections have a kind and a reason, and book what they may have cost`() async throws {
        try await withStack { stack in
            for example in ImageServerCase.rejections {
                try await check(example, stack, openAI, "openai")
                try await check(example, stack, azure, "openai-compatible")
            }
        }
    }

    @Test
    func `orders of unknown state are booked, not repeated; unusable images are booked before a second order`()
        async throws
    {
        try await withStack { stack in
            for example in ImageServerCase.losses {
                try await check(example, stack, openAI, "openai")
                try await check(example, stack, azure, "openai-compatible")
            }
            // With a budget for one order only.
            for example in ImageServerCase.losses where example.orders == 2 {
                let before = try orders(openAI).count
                try openAI.send(["misbehave": [example.fault]])
                var request = request(stack, "capped")
                request.maxCost = USD(0.03)
                let error = await #expect(throws: ServiceError.self) {
                    try await stack.connect("imagegen").call(ImageGenAPI.generate, request)
                }
                #expect(
                    (error?.wastedMicros ?? 0) + (error?.unknownMicros ?? 0) == Self.price.micros,
                    "\(example.name)")
                #expect(try orders(openAI).count - before == 1, "\(example.name)")
            }
        }
    }

    @Test
    func `a response with an id and a status is polled at the URLs that servers use`() async throws {
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

    @Test
    func `an accepted order is polled whatever the responses are, and never placed again`() async throws {
        try await withStack(["UNDERSTUDY_CAPACITY": "32", "UNDERSTUDY_ORDER_PATIENCE_S": "30"]) { stack in
            let done: JSONValue = ["template": #"{"data": [{"b64_json": "$B64"}]}"#]
            let faults: [JSONValue] = ImageServerCase.pollFaults.enumerated().map { index, answers in
                [
                    "for": .string("poll \(index),"), "status": 202, "template": "{}",
                    "headers": ["operation-location": "$POLL"], "polls": .array((answers.array ?? []) + [done]),
                ]
            }
            try openAI.send(["misbehave": .array(faults)])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, answers) in ImageServerCase.pollFaults.enumerated() {
                    let request = request(stack, "poll \(index), of a quay")
                    let imagegen = try await stack.connect("imagegen")
                    group.addTask {
                        do {
                            let image = try await imagegen.call(ImageGenAPI.generate, request)
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

    @Test
    func `an operation in progress when imagegen is killed is polled by the next process`() async throws {
        try await withStack(["UNDERSTUDY_IMAGE_PROVIDERS": "openai-compatible"]) { stack in
            try stack.writeStoryboard(durations: [1])
            let running: JSONValue = ["template": #"{"id": "$ID", "status": "running"}"#]
            let done: JSONValue = ["template": #"{"status": "succeeded", "result": {"data": [{"b64_json": "$B64"}]}}"#]
            try azure.send([
                "misbehave": [
                    [
                        "status": 202, "headers": ["operation-location": "$POLL?api-version=1"],
                        "template": #"{"id": "$ID", "status": "notRunning"}"#,
                        "polls": .array(Array(repeating: running, count: 4) + [done]),
                    ]
                ]
            ])
            let started = try await stack.connect("orchestrator").call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            try await until("the operation is polled") {
                try azure.send(["requests": true])["polls"]?.double ?? 0 >= 1
            }
            let pid = try await stack.connect("imagegen").call(ServiceHealth.method, NoParams()).pid ?? 0
            kill(pid_t(pid), SIGKILL)
            let view = try await stack.waitForEnd(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try orders(azure).count == 1)
            #expect(view.unknown == nil && view.wasted == nil)
        }
    }

    @Test
    func `an order of unknown state is booked and ends the job, unless the chain has another provider`() async throws {
        try await withStack { stack in
            try stack.writeStoryboard(durations: [1])
            try openAI.send(["misbehave": .array(Array(repeating: ["raw": "<html>a</html>", "status": 524], count: 3))])
            let view = try await stack.runJob(["max_cost_usd": 0.6])
            #expect(view.state == .error)
            #expect(try orders(openAI).count == 1)
            #expect(view.unknown == Self.price && view.wasted == nil && view.costs.total == .zero)
            #expect(view.error?.message.contains("524 with a web page") == true, "\(view.error?.message ?? "")")
            #expect(view.error?.message.contains("not sent again") == true, "\(view.error?.message ?? "")")
        }
        try await withStack(["UNDERSTUDY_IMAGE_PROVIDERS": "openai,card"]) { stack in
            try stack.writeStoryboard(durations: [1])
            let view = try await stack.runJob(["max_cost_usd": 0.6])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.unknown == Self.price && view.costs.total == USD(0.001))
            #expect(try orders(openAI).count == 2)
        }
    }

    // MARK: - Concurrent requests of the same image

    @Test
    func `concurrent requests of the same image place one order, also across replicas`() async throws {
        try await withStack(arguments: ["--scale", "imagegen=2"]) { stack in
            try openAI.send(["delay": 1])
            let requests = (0..<4).map { _ in
                GenerateImage(
                    prompt: "a quay", width: 640, height: 360, output: "file://\(stack.store)/\(UUID()).png",
                    idempotencyKey: "\(UUID())")
            }
            let sockets = try stack.runDirectory.instances(of: "imagegen").map {
                try stack.runDirectory.socketPath(service: "imagegen", instance: $0)
            }
            #expect(sockets.count == 2)
            let images = try await withThrowingTaskGroup(of: GeneratedImage.self) { group in
                for (index, request) in requests.enumerated() {
                    let socket = sockets[index % sockets.count]
                    group.addTask {
                        try await RPCConnection.connect(to: socket, timeout: .seconds(5)).call(
                            ImageGenAPI.generate, request)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(try orders(openAI).count == 1)
            #expect(images.count { $0.isCached && $0.saved == Self.price && $0.cost == .zero } == 3)
            #expect(images.count { !$0.isCached && $0.cost == Self.price } == 1)
            for request in requests {
                #expect(FileManager.default.fileExists(atPath: String(request.output.dropFirst("file://".count))))
            }
        }
    }

    @Test
    func `two concurrent jobs with the same storyboard pay for its still once`() async throws {
        try await withStack { stack in
            try openAI.send(["delay": 1])
            let orchestrator = try await stack.connect("orchestrator")
            var jobs: [String] = []
            for session in ["s", "t"] {
                try stack.writeStoryboard(durations: [1], session: session)
                jobs.append(
                    try await orchestrator.call(
                        OrchestratorAPI.start, StartJob(userID: "u", sessionID: session, options: .small)
                    ).jobID)
            }
            var costs: [USD] = []
            for job in jobs {
                let view = try await stack.waitForEnd(of: job)
                #expect(view.state == .finished, "\(view.error?.message ?? "")")
                costs.append(view.costs.understudy)
            }
            #expect(try orders(openAI).count == 1)
            #expect(costs.sorted() == [USD(0.001), USD(0.021)])
        }
    }

    @Test
    func `a call that waits for the same image can be cancelled, and places its own order if the first fails`()
        async throws
    {
        try await withStack { stack in
            try openAI.send(["delay": 2])
            try openAI.send(["misbehave": [["status": 400, "error": ["message": "no"], "delay": 2]]])
            func newRequest() -> GenerateImage { request(stack, "a quay") }
            // A replica has two slots.
            let connections = [try await stack.connect("imagegen"), try await stack.connect("imagegen")]
            let (first, second, third) = (newRequest(), newRequest(), newRequest())
            let refused = Task { try await connections[0].call(ImageGenAPI.generate, first) }
            try await until("the image is ordered") { try !orders(openAI).isEmpty }
            let cancelled = Task { try await connections[1].call(ImageGenAPI.generate, second) }
            cancelled.cancel()
            // The cancelled call ends while the first one still holds the image's lock.
            await #expect(throws: (any Error).self) { try await cancelled.value }
            #expect(try orders(openAI).count == 1)
            let last = Task { () async throws -> GeneratedImage in
                try await firstValue("the slot of the cancelled call is free") { () async throws -> GeneratedImage? in
                    do {
                        return try await connections[1].call(ImageGenAPI.generate, third)
                    } catch let error as ServiceError where error.kind == .busy {
                        return nil
                    }
                }
            }
            await #expect(throws: ServiceError.self) { try await refused.value }
            #expect(try await last.value.isCached == false)
            #expect(try orders(openAI).count == 2)
        }
    }

    @Test
    func `each request places an order if it asks for a fresh image, or if there is no cache`() async throws {
        func buyTwo(_ stack: LiveStack, fresh: Bool?) async throws {
            let imagegen = try await stack.connect("imagegen")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    var request = request(stack, "a quay")
                    request.fresh = fresh
                    let ready = request
                    group.addTask {
                        let image = try await imagegen.call(ImageGenAPI.generate, ready)
                        #expect(!image.isCached)
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
