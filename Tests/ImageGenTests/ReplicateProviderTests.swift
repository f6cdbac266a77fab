// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import HTTP
import JSON
import Logging
import Prices
import Providers
import Secrets
import StandIns
import TestSupport
import Testing

@testable import ImageGen

@Suite(.timeLimit(.minutes(2))) struct ReplicateProviderTests {
    private let server: StandIn
    private let folder = TemporaryPath.new("replicate")

    init() throws {
        server = try StandIn("replicate")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func client(token: String? = "good-key") -> ReplicateClient {
        ReplicateClient(
            base: server.url, token: token.map(Secret.init), http: HTTPClient(environment: [:]),
            intervals: OrderPollingIntervals(first: 0.01, longest: 0.02))
    }

    private func provider(
        token: String? = "good-key", model: String = "black-forest-labs/flux-schnell", input: String? = nil,
        timeout: Double = 20
    ) throws -> ReplicateProvider {
        ReplicateProvider(
            client: client(token: token), model: model,
            input: try ReplicateInput(input, defaults: ReplicateProvider.defaultInput, variable: "X"), timeout: timeout,
            prices: PriceList(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private let request = GenerateImage(
        prompt: "A lighthouse", width: 1920, height: 1080, output: "file:///x/seg.png", seed: 7)

    private var path: String { "\(folder)/still.png" }

    private func misbehave(_ faults: JSONValue...) throws {
        try server.send(["misbehave": .array(faults)])
    }

    private func recorded() throws -> JSONValue { try server.send(["requests": true]) }

    private var orderCount: Int { get throws { try recorded()["requests"]?.array?.count ?? 0 } }

    @Test
    func `a prediction is created and polled until it ends, and its image is downloaded`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let drawn = try await provider().draw(request, to: path)
        #expect(drawn.width == 1344 && drawn.height == 756 && drawn.mediaType == "image/png")
        #expect(drawn.cost == USD(0.02) && drawn.attempts == 1 && drawn.model == "black-forest-labs/flux-schnell")
        let order = try recorded()["requests"]?.array?[0]
        #expect(order?["path"] == "/v1/models/black-forest-labs/flux-schnell/predictions")
        #expect(
            order?["body"]?["input"]
                == ["prompt": "A lighthouse", "aspect_ratio": "16:9", "output_format": "png", "seed": 7])
        #expect(try recorded()["cancelled"] == [] && recorded()["downloads"] == 1)
    }

    @Test
    func `a version is ordered by its ID, with the configured input`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let id = String(repeating: "ab", count: 32)
        let provider = try provider(
            model: "stability-ai/sdxl:\(id)", input: #"{"width": "{width}", "height": "{height}", "steps": 4}"#)
        let drawn = try await provider.draw(request, to: path)
        #expect(drawn.width == 1920 && drawn.height == 1080)
        let order = try recorded()["requests"]?.array?[0]
        #expect(order?["path"] == "/v1/predictions" && order?["body"]?["version"] == .string(id))
        #expect(order?["body"]?["input"]?["steps"] == 4 && order?["body"]?["input"]?["aspect_ratio"] == nil)
        #expect(throws: ServiceError.self) { try ReplicateInput("[1]", defaults: [:], variable: "X") }
        for name in ["flux", "a/b/c", "a/../b", "a/..", "a/b?x:1", "a/b:"] {
            let error = await #expect(throws: ServiceError.self, "\(name)") {
                try await self.provider(model: name).draw(request, to: path)
            }
            #expect(error?.kind == .invalidParams, "\(name)")
        }
        #expect(try orderCount == 1)
    }

    @Test
    func `each class of error and failure has its kind; only transient ones are retried`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func rejection(_ status: Int64, _ message: String = "message", headers: JSONValue = [:]) -> JSONValue {
            ["status": .integer(status), "body": ["detail": .string(message)], "headers": headers]
        }
        func failed(_ message: String) -> JSONValue { ["end": "failed", "error": .string(message)] }
        let cases: [(JSONValue, ErrorKind, Int)] = [
            (rejection(400), .invalidParams, 1), (rejection(422), .invalidParams, 1),
            (rejection(401), .unauthorized, 1),
            (rejection(402, "Insufficient credit"), .quotaExhausted, 1), (rejection(403), .unauthorized, 1),
            (rejection(404), .unavailable, 1), (rejection(429, headers: ["retry-after": "0"]), .rateLimited, 2),
            (rejection(429, headers: ["retry-after": "3600"]), .rateLimited, 1), (rejection(500), .unavailable, 2),
            (rejection(503, headers: ["x-should-retry": "false"]), .unavailable, 1),
            (["raw": "<html>sign in</html>"], .unavailable, 1),
            (["raw": #"{"id": "../account", "status": "starting"}"#], .unavailable, 1),
            (["reset": true], .unavailable, 1), (rejection(502), .unavailable, 1), (rejection(524), .unavailable, 1),
            (failed("NSFW content detected. Try another prompt."), .contentRejected, 1),
            (failed("width must be smaller"), .unavailable, 1),
            (failed("Prediction interrupted (code: PA)"), .unavailable, 2),
            (failed("Prediction failed (E6716)"), .unavailable, 2),
            (failed("invalid image (expected 3 channels)"), .unavailable, 1),
            (failed("ffmpeg failed (exit status 1): bad input"), .unavailable, 1),
            (failed("prompt must be in English (e.g. a cat)"), .unavailable, 1), (failed("(E12)"), .unavailable, 1),
            (failed("(E1234567)"), .unavailable, 1), (failed("(E123x)"), .unavailable, 1),
            (failed("(E123"), .unavailable, 1),
            (["end": "aborted"], .unavailable, 2), (["end": "canceled"], .unavailable, 1),
            (["output": .array([])], .unavailable, 1), (["output": "file:///etc/passwd"], .unavailable, 1),
            (["output": "http://169.254.169.254/latest"], .unavailable, 1),
            (["redirect": "http://169.254.169.254/latest"], .unavailable, 1),
            (["redirect": "file:///etc/passwd"], .unavailable, 1), (["page": true], .corruptMedia, 1),
            (["truncate": 30], .corruptMedia, 1),
        ]
        for (fault, kind, attempts) in cases {
            let before = try orderCount
            try misbehave(fault)
            if attempts == 2 { try misbehave(fault) }
            let error = await #expect(throws: ServiceError.self, "\(fault)") {
                try await provider().draw(request, to: path)
            }
            #expect(error?.kind == kind, "\(fault): \(error?.message ?? "")")
            #expect(error?.provider == "replicate" && error?.message.contains("good-key") == false, "\(fault)")
            #expect(try orderCount == before + attempts, "\(fault): \(error?.message ?? "")")
        }
        let missing = await #expect(throws: ServiceError.self) {
            try await provider(token: nil).draw(request, to: path)
        }
        #expect(missing?.kind == .unauthorized && missing?.message.contains("REPLICATE_API_TOKEN_FILE") == true)
        let wrong = await #expect(throws: ServiceError.self) {
            try await provider(token: "bad").draw(request, to: path)
        }
        #expect(wrong?.kind == .unauthorized && wrong?.message.contains("valid authentication token") == true)
    }

    @Test
    func `failed status requests and downloads are retried without another order`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try misbehave(["questions": [500, 429, 503]])
        #expect(try await provider().draw(request, to: path).attempts == 1)
        #expect(try orderCount == 1)
        #expect(try recorded()["asked"]?.double ?? 0 >= 5)
        try misbehave(["truncate": 30, "times": 1])
        #expect(try await provider().draw(request, to: path).attempts == 1)
        #expect(try orderCount == 2 && recorded()["downloads"] == 3)
    }

    @Test
    func `a prediction is cancelled after its timeout, and when its task is cancelled`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try misbehave(["stay": true])
        let late = await #expect(throws: ServiceError.self) {
            try await client().order("a/b", input: ["prompt": "x"], .image, timeout: 0.3).finish()
        }
        #expect(late?.kind == .timeout && late?.requestID == "p1x")
        #expect(try recorded()["cancelled"] == ["p1x"])

        try misbehave(["stay": true])
        let (fractions, continuation) = AsyncStream.makeStream(of: Double.self)
        let replicate = client()
        let work = Task {
            try await replicate.order("a/b", input: ["prompt": "x"], .image, timeout: 60).finish { fraction in
                if let fraction { continuation.yield(fraction) }
            }
        }
        for await fraction in fractions {
            #expect(fraction == 0.5)
            break
        }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(try recorded()["cancelled"] == ["p1x", "p2x"])
    }

    @Test
    func `a video is downloaded into a file, and one above the maximum size is rejected`() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let film = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0) })
        try film.write(to: URL(filePath: "\(folder)/film.mp4"))
        try server.send(["deliver": .string("\(folder)/film.mp4")])
        let result = try await client().order("a/b", input: ["prompt": "x"], .video, timeout: 20).finish()
        #expect(result.outputs.count == 1 && result.outputs[0].hasSuffix(".mp4"))
        let target = "\(folder)/got.mp4"
        _ = try await client().download(timeout: 20).fetch(result.outputs[0], into: .file(target, maximum: 1 << 20))
        #expect(FileManager.default.contents(atPath: target) == film)
        let error = await #expect(throws: ServiceError.self) {
            try await client().download(timeout: 20).fetch(result.outputs[0], into: .file(target, maximum: 1000))
        }
        #expect(error?.kind == .tooLarge)
    }
}
