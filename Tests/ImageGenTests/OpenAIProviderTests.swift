// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import HTTP
import JSON
import Logging
import Prices
import Secrets
import ServiceKit
import StandIns
import TestSupport
import Testing

@testable import ImageGen

@Suite(.timeLimit(.minutes(2))) struct OpenAIProviderTests {
    private let server: StandIn
    private let folder = TemporaryPath.new("openai")

    init() throws {
        server = try StandIn("openai_images")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func provider(
        key: String? = "good-key", model: String = "gpt-image-2", timeout: Double = 20, isOpenAI: Bool = true,
        base: String? = nil
    ) -> OpenAIProvider {
        OpenAIProvider(
            name: "openai",
            account: OpenAIProvider.Account(
                base: base ?? "\(server.url)/v1", key: key.map(Secret.init), keyVariable: "OPENAI_API_KEY",
                isOpenAI: isOpenAI),
            model: model, timeout: timeout, errorTolerance: 0.3, prices: PriceList(),
            http: HTTPClient(environment: [:]),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func request(_ width: Int = 1920, _ height: Int = 1080) -> GenerateImage {
        GenerateImage(prompt: "A lighthouse \"at\" dusk", width: width, height: height, output: "file:///x/seg.png")
    }

    private var path: String { "\(folder)/still.png" }

    private func misbehave(_ faults: JSONValue...) throws {
        try server.send(["misbehave": .array(faults)])
    }

    private func orders() throws -> [JSONValue] { try server.send(["requests": true])["requests"]?.array ?? [] }

    @Test
    func `an image of a supported size is ordered, measured and priced by the list`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let drawn = try await provider().draw(request(), to: path)
        #expect(drawn.width == 2048 && drawn.height == 1152 && drawn.mediaType == "image/png")
        #expect(drawn.cost == USD(0.02) && drawn.attempts == 1 && drawn.model == "gpt-image-2")
        #expect(FileManager.default.contents(atPath: path)?.count ?? 0 > 1000)
        let body = try orders()[0]["body"]
        #expect(body?["response_format"] == nil && body?["size"] == "2048x1152" && body?["model"] == "gpt-image-2")
        for model in ["dall-e-3", "gpt-image-1-mini", "gpt-image-2.6-flare"] {
            let drawn = try await provider(model: model).draw(request(1080, 1920), to: path)
            #expect(drawn.width < drawn.height)
        }
    }

    @Test
    func `the nearest size that a model family supports is selected`() {
        func size(_ width: Int, _ height: Int, _ family: ImageSize.Family) -> String {
            let size = ImageSize.nearest(to: width, height, family)
            return "\(size.width)x\(size.height)"
        }
        #expect(size(1920, 1080, .gptImage) == "2048x1152")
        #expect(size(1280, 720, .gptImage) == "1280x720")
        #expect(size(3840, 2160, .gptImage) == "3840x2160")
        #expect(size(1080, 1920, .gptImage) == "1152x2048")
        #expect(size(1080, 1080, .gptImage) == "1088x1088")
        #expect(size(1920, 1080, .dallE3) == "1792x1024" && size(1920, 1080, .dallE2) == "1024x1024")
        #expect(size(1920, 1080, .gptImage1) == "1536x1024")
        #expect(size(1920, 1080, .local) == "1024x576")
        for (width, height) in [(8192, 16), (16, 8192), (1921, 1079), (640, 480), (2560, 1080), (333, 777)] {
            let size = ImageSize.nearest(to: width, height, .gptImage)
            #expect(size.width % 16 == 0 && size.height % 16 == 0, "\(width)x\(height)")
            #expect(size.width <= 3 * size.height && size.height <= 3 * size.width, "\(width)x\(height)")
        }
    }

    @Test
    func `compatible servers are sent response_format, and may return links and errors of any shape`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let local = try StandIn("openai_images", ["--compatible"])
        let provider = provider(key: nil, model: "sd", isOpenAI: false, base: "\(local.url)/v1")
        let free = OpenAIProvider(
            name: "openai-compatible", account: OpenAIProvider.Account(base: "\(local.url)/v1", isOpenAI: false),
            model: "sd", timeout: 20, prices: PriceList(), http: provider.http, logger: provider.logger)
        #expect(try await free.draw(request(), to: path).width == 1024)
        #expect(try local.send(["requests": true])["requests"]?.array?[0]["body"]?["response_format"] == "b64_json")
        try local.send(["misbehave": [["url": ""]]])
        #expect(try await free.draw(request(), to: path).height == 576)
        for (raw, message) in [
            (#"{"error": "out of memory"}"#, "out of memory"), (#"{"detail": "no such model"}"#, "no such model"),
            (#"{"detail": [{"msg": "size too large"}]}"#, "size too large"),
        ] {
            try local.send(["misbehave": [["raw": .string(raw), "status": 400, "type": "application/json"]]])
            let error = await #expect(throws: ServiceError.self) { try await free.draw(request(), to: path) }
            #expect(error?.message.contains(message) == true && error?.retryable == false)
        }
    }

    @Test
    func `each class of error has its kind and the provider's code; only transient ones are retried`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func fault(_ status: Int, _ code: String, _ message: String = "words", headers: JSONValue = [:]) -> JSONValue {
            [
                "status": .integer(Int64(status)), "error": ["message": .string(message), "code": .string(code)],
                "headers": headers,
            ]
        }
        let cases: [(JSONValue, ErrorKind, Int)] = [
            (fault(400, "moderation_blocked"), .contentRejected, 1),
            (fault(400, "content_policy_violation"), .contentRejected, 1),
            (fault(400, "invalid_value"), .invalidParams, 1),
            (fault(400, "billing_hard_limit_reached"), .quotaExhausted, 1),
            (fault(401, "invalid_api_key"), .unauthorized, 1), (fault(403, "forbidden"), .unauthorized, 1),
            (fault(404, "model_not_found"), .unavailable, 1),
            (fault(429, "insufficient_quota"), .quotaExhausted, 1),
            (fault(429, "", "You exceeded your current quota"), .quotaExhausted, 1),
            (fault(429, "rate_limit_exceeded", headers: ["retry-after-ms": "300"]), .rateLimited, 2),
            (fault(429, "rate_limit_exceeded", headers: ["retry-after": "3600"]), .rateLimited, 1),
            (fault(500, "server_error"), .unavailable, 1), (fault(503, ""), .unavailable, 1),
            (fault(503, "server_error", "The engine is currently overloaded"), .unavailable, 2),
            (fault(503, "", headers: ["retry-after": "0"]), .unavailable, 2),
            (fault(500, "server_error", headers: ["x-should-retry": "true"]), .unavailable, 1),
            (fault(503, "overloaded", headers: ["x-should-retry": "false"]), .unavailable, 1),
            (["raw": "", "status": 303], .unavailable, 1), (["raw": "", "status": 499], .invalidParams, 1),
            (fault(500, "server_error", headers: ["x-should-retry": "false"]), .unavailable, 1),
            (["raw": "<html>gateway</html>", "status": 502], .unavailable, 1),
            (["raw": "<html>sign in</html>", "status": 200], .unavailable, 1),
            (
                ["raw": #"{"error": {"message": "overloaded", "code": "server_error"}}"#, "type": "application/json"],
                .unavailable, 1
            ),
            (["raw": "{}", "type": "application/json"], .unavailable, 1),
            (["cut": 3], .corruptMedia, 2), (["truncate": 30], .corruptMedia, 2), (["reset": true], .unavailable, 1),
            (["url": "file:///etc/passwd"], .unavailable, 1), (["url": "http://169.254.169.254/"], .unavailable, 1),
        ]
        for (fault, kind, attempts) in cases {
            let before = try orders().count
            try misbehave(fault)
            if attempts == 2 { try misbehave(fault) }
            let error = await #expect(throws: ServiceError.self, "\(fault)") {
                try await provider().draw(request(), to: path)
            }
            #expect(error?.kind == kind, "\(fault): \(error?.message ?? "")")
            #expect(error?.provider == "openai", "\(fault)")
            if error?.chargeStatus == .unknown {
                #expect(error?.message.contains("may have been taken and billed") == true || attempts == 2, "\(fault)")
            }
            #expect(error?.message.contains("good-key") == false)
            #expect(try orders().count == before + attempts, "\(fault)")
            if fault["error"]?["code"]?.string?.isEmpty == false {
                #expect(error?.requestID?.hasPrefix("req_") == true)
            }
        }
        let missing = await #expect(throws: ServiceError.self) {
            try await provider(key: nil).draw(request(), to: path)
        }
        #expect(missing?.kind == .unauthorized && missing?.message.contains("OPENAI_API_KEY_FILE") == true)
        let wrong = await #expect(throws: ServiceError.self) {
            try await provider(key: "bad").draw(request(), to: path)
        }
        #expect(wrong?.kind == .unauthorized && wrong?.providerCode == "invalid_api_key")
    }

    @Test
    func `an order that fails once is retried, and warnings report what may have been billed`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try misbehave(["cut": 3])
        let drawn = try await provider().draw(request(), to: path)
        #expect(drawn.attempts == 2 && drawn.warnings.count == 1 && drawn.warnings[0].contains("billed"))
        let before = try orders().count
        try misbehave(["delay": 5])
        let slow = await #expect(throws: ServiceError.self) { try await provider(timeout: 1).draw(request(), to: path) }
        #expect(slow?.kind == .timeout && slow?.chargeStatus == .unknown && slow?.retryable == false)
        // An order that is accepted and never finished.
        try misbehave([
            "template": "{}", "status": 202, "headers": ["operation-location": "$POLL"],
            "polls": [["template": #"{"status": "running"}"#]],
        ])
        let never = await #expect(throws: ServiceError.self) {
            try await provider(timeout: 1).draw(request(), to: path)
        }
        #expect(
            never?.kind == .timeout && never?.chargeStatus == .unknown && never?.message.contains("accepted") == true)
        #expect(try orders().count - before == 2)
        // The order is cancelled at its status URL, or at the URL that the server reported.
        #expect(try server.send(["requests": true])["cancelled"]?.array?.count == 1)
        try misbehave([
            "template":
                #"{"id": "$ID", "status": "queued", "urls": {"get": "$POLL", "cancel": "/operations/$N/cancel"}}"#,
            "polls": [["template": #"{"id": "$ID", "status": "processing"}"#]],
        ])
        let (patient, still, target) = (provider(timeout: 60), request(), path)
        let work = Task { try await patient.draw(still, to: target) }
        let polls = try server.send(["requests": true])["polls"]?.double ?? 0
        try await until("the order is polled") {
            try server.send(["requests": true])["polls"]?.double ?? 0 > polls
        }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        let cancelled = try server.send(["requests": true])["cancelled"]?.array?.compactMap(\.string) ?? []
        #expect(cancelled.count == 2 && cancelled.last?.hasSuffix("/cancel") == true, "\(cancelled)")
        try misbehave(["size": [640, 480]])
        let small = try await provider().draw(request(), to: path)
        #expect(small.width == 640 && small.warnings == ["openai returned 640x480 instead of 2048x1152"])
    }

    @Test
    func `a large image is decoded with one buffer besides the response`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bytes = 3 << 20
        let provider = provider()
        _ = try await provider.draw(request(), to: path)
        try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
        func memory(_ name: String) throws -> Int {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            return Int((status.split(separator: "\n").first { $0.hasPrefix("\(name):") } ?? "").filter(\.isNumber)) ?? 0
        }
        let before = try memory("VmRSS")
        try misbehave(["noise": .integer(Int64(bytes))])
        _ = try await provider.draw(request(), to: path)
        let grown = (try memory("VmHWM") - before) * 1024
        #expect(FileManager.default.contents(atPath: path)?.count ?? 0 > bytes)
        #expect(grown < 4 * bytes / 3 * 4, "\(grown) bytes more for \(bytes / 3 * 4) of base64")
    }
}
