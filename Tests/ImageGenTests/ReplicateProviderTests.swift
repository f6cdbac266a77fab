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
import Testing

@testable import ImageGen

@Suite struct ReplicateProviderTests {
    private let server: StandIn
    private let folder = "/tmp/us-replicate-\(UInt64.random(in: 0...UInt64.max))"

    init() throws {
        server = try StandIn("replicate")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func client(token: String? = "good-key") -> ReplicateClient {
        ReplicateClient(
            base: server.url, token: token.map(Secret.init), http: HTTPClient(environment: [:]),
            pauses: OrderPauses(first: 0.01, longest: 0.02))
    }

    private func provider(
        token: String? = "good-key", model: String = "black-forest-labs/flux-schnell", input: String? = nil,
        timeout: Double = 20
    ) throws -> ReplicateProvider {
        ReplicateProvider(
            client: client(token: token), model: model,
            input: try ReplicateInput(input, usual: ReplicateProvider.usualInput, variable: "X"), timeout: timeout,
            prices: PriceList(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private let request = GenerateImage(
        prompt: "A lighthouse", width: 1920, height: 1080, output: "file:///x/seg.png", seed: 7)

    private var path: String { "\(folder)/still.png" }

    private func misbehave(_ faults: JSONValue...) throws {
        try server.ask(["misbehave": .array(faults)])
    }

    private func seen() throws -> JSONValue { try server.ask(["requests": true]) }

    private var made: Int { get throws { try seen()["requests"]?.array?.count ?? 0 } }

    @Test("a prediction is made, asked for until it is over, and its picture downloaded")
    func draws() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let drawn = try await provider().draw(request, to: path)
        #expect(drawn.width == 1344 && drawn.height == 756 && drawn.mediaType == "image/png")
        #expect(drawn.cost == USD(0.02) && drawn.attempts == 1 && drawn.model == "black-forest-labs/flux-schnell")
        let asked = try seen()["requests"]?.array?[0]
        #expect(asked?["path"] == "/v1/models/black-forest-labs/flux-schnell/predictions")
        #expect(
            asked?["body"]?["input"]
                == ["prompt": "A lighthouse", "aspect_ratio": "16:9", "output_format": "png", "seed": 7])
        #expect(try seen()["cancelled"] == [] && seen()["downloads"] == 1)
    }

    @Test("a version is asked for by its id, and a model gets the input that it is described with")
    func version() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let id = String(repeating: "ab", count: 32)
        let provider = try provider(
            model: "stability-ai/sdxl:\(id)", input: #"{"width": "{width}", "height": "{height}", "steps": 4}"#)
        let drawn = try await provider.draw(request, to: path)
        #expect(drawn.width == 1920 && drawn.height == 1080)
        let asked = try seen()["requests"]?.array?[0]
        #expect(asked?["path"] == "/v1/predictions" && asked?["body"]?["version"] == .string(id))
        #expect(asked?["body"]?["input"]?["steps"] == 4 && asked?["body"]?["input"]?["aspect_ratio"] == nil)
        #expect(throws: ServiceError.self) { try ReplicateInput("[1]", usual: [:], variable: "X") }
        for name in ["flux", "a/b/c", "a/../b", "a/..", "a/b?x:1", "a/b:"] {
            let error = await #expect(throws: ServiceError.self, "\(name)") {
                try await self.provider(model: name).draw(request, to: path)
            }
            #expect(error?.kind == .invalidParams, "\(name)")
        }
        #expect(try made == 1)
    }

    @Test("each class of refusal and each bad end has its kind; only passing ones are tried again")
    func refusals() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func refusal(_ status: Int64, _ words: String = "words", headers: JSONValue = [:]) -> JSONValue {
            ["status": .integer(status), "body": ["detail": .string(words)], "headers": headers]
        }
        func end(_ words: String) -> JSONValue { ["end": "failed", "error": .string(words)] }
        let cases: [(JSONValue, ErrorKind, Int)] = [
            (refusal(400), .invalidParams, 1), (refusal(422), .invalidParams, 1), (refusal(401), .unauthorized, 1),
            (refusal(402, "Insufficient credit"), .quotaExhausted, 1), (refusal(403), .unauthorized, 1),
            (refusal(404), .unavailable, 1), (refusal(429, headers: ["retry-after": "0"]), .rateLimited, 2),
            (refusal(429, headers: ["retry-after": "3600"]), .rateLimited, 1), (refusal(500), .unavailable, 2),
            (refusal(503, headers: ["x-should-retry": "false"]), .unavailable, 1),
            (["raw": "<html>sign in</html>"], .unavailable, 1),
            (["raw": #"{"id": "../account", "status": "starting"}"#], .unavailable, 1),
            (["reset": true], .unavailable, 1), (refusal(502), .unavailable, 1), (refusal(524), .unavailable, 1),
            (end("NSFW content detected. Try another prompt."), .contentRejected, 1),
            (end("width must be smaller"), .unavailable, 1),
            (end("Prediction interrupted (code: PA)"), .unavailable, 2),
            (end("Prediction failed (E6716)"), .unavailable, 2),
            (end("invalid image (expected 3 channels)"), .unavailable, 1),
            (end("ffmpeg failed (exit status 1): bad input"), .unavailable, 1),
            (end("prompt must be in English (e.g. a cat)"), .unavailable, 1), (end("(E12)"), .unavailable, 1),
            (end("(E1234567)"), .unavailable, 1), (end("(E123x)"), .unavailable, 1), (end("(E123"), .unavailable, 1),
            (["end": "aborted"], .unavailable, 2), (["end": "canceled"], .unavailable, 1),
            (["output": .array([])], .unavailable, 1), (["output": "file:///etc/passwd"], .unavailable, 1),
            (["output": "http://169.254.169.254/latest"], .unavailable, 1),
            (["redirect": "http://169.254.169.254/latest"], .unavailable, 1),
            (["redirect": "file:///etc/passwd"], .unavailable, 1), (["page": true], .corruptMedia, 1),
            (["truncate": 30], .corruptMedia, 1),
        ]
        for (fault, kind, tries) in cases {
            let before = try made
            try misbehave(fault)
            if tries == 2 { try misbehave(fault) }
            let error = await #expect(throws: ServiceError.self, "\(fault)") {
                try await provider().draw(request, to: path)
            }
            #expect(error?.kind == kind, "\(fault): \(error?.message ?? "")")
            #expect(error?.provider == "replicate" && error?.message.contains("good-key") == false, "\(fault)")
            #expect(try made == before + tries, "\(fault): \(error?.message ?? "")")
        }
        let nobody = await #expect(throws: ServiceError.self) {
            try await provider(token: nil).draw(request, to: path)
        }
        #expect(nobody?.kind == .unauthorized && nobody?.message.contains("REPLICATE_API_TOKEN_FILE") == true)
        let wrong = await #expect(throws: ServiceError.self) {
            try await provider(token: "bad").draw(request, to: path)
        }
        #expect(wrong?.kind == .unauthorized && wrong?.message.contains("valid authentication token") == true)
    }

    @Test("a question that fails is asked again, and the prediction goes on: nothing is paid for twice")
    func questions() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try misbehave(["questions": [500, 429, 503]])
        #expect(try await provider().draw(request, to: path).attempts == 1)
        #expect(try made == 1)
        #expect(try seen()["asked"]?.double ?? 0 >= 5)
        try misbehave(["truncate": 30, "times": 1])
        #expect(try await provider().draw(request, to: path).attempts == 1)
        #expect(try made == 2 && seen()["downloads"] == 3)
    }

    @Test("a prediction that nobody waits for any more is cancelled there")
    func cancels() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try misbehave(["stay": true])
        let late = await #expect(throws: ServiceError.self) {
            try await client().order("a/b", input: ["prompt": "x"], .picture, timeout: 0.3).finish()
        }
        #expect(late?.kind == .timeout && late?.requestID == "p1x")
        #expect(try seen()["cancelled"] == ["p1x"])

        try misbehave(["stay": true])
        let (moments, moment) = AsyncStream.makeStream(of: Double.self)
        let replicate = client()
        let work = Task {
            try await replicate.order("a/b", input: ["prompt": "x"], .picture, timeout: 60).finish { fraction in
                if let fraction { moment.yield(fraction) }
            }
        }
        for await fraction in moments {
            #expect(fraction == 0.5)
            break
        }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(try seen()["cancelled"] == ["p1x", "p2x"])
    }

    @Test("a film is delivered into a file, and none that is longer than wanted")
    func film() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let film = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0) })
        try film.write(to: URL(filePath: "\(folder)/film.mp4"))
        try server.ask(["deliver": .string("\(folder)/film.mp4")])
        let result = try await client().order("a/b", input: ["prompt": "x"], .film, timeout: 20).finish()
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
