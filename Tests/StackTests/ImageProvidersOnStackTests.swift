import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// Jobs whose stills come from OpenAI's stand-in.
@Suite(.serialized) struct ImageProvidersOnStackTests {
    private let openAI: StandIn

    init() throws {
        openAI = try StandIn("openai_images")
    }

    private func withStack(
        _ providers: String, key: String = "good-key", _ body: (LiveStack) async throws -> Void
    ) async throws {
        // As containers get it: a file, which ends with a line.
        let file = FileManager.default.temporaryDirectory.appending(path: "us-key-\(UUID())").path
        try "\(key)\n".write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await LiveStack.with(
            [
                "UNDERSTUDY_IMAGE_PROVIDERS": providers, "OPENAI_API_KEY_FILE": file,
                // One that is not needed may be empty.
                "REPLICATE_API_TOKEN_FILE": "/dev/null",
                "OPENAI_BASE_URL": "\(openAI.url)/v1", "UNDERSTUDY_OPENAI_IMAGE_MODEL": "gpt-image-2",
            ], body)
    }

    private func paid() throws -> Int { try openAI.ask(["requests": true])["requests"]?.array?.count ?? 0 }

    @Test(
        "four segments cost four stills and four clips; a second job has its stills for nothing; drawn again they are new"
    )
    func costs() async throws {
        try await withStack("openai") { stack in
            try stack.writeStoryboard(durations: [1, 1, 1, 1])
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == USD(0.084) && view.costs.total == USD(0.084))
            #expect(view.segments.allSatisfy { $0.image?.hasSuffix(".png") == true })
            #expect(try paid() == 4)
            #expect(try await Judge.complaints(stack.place("agent5/final.mp4")) == "")
            let still = try await Judge.probe(stack.place("agent5/seg_1.png"))
            #expect(still.contains("stream"), "\(still)")
            let second = try await stack.job()
            #expect(second.costs.understudy == USD(0.004))
            #expect(try paid() == 4)
            let connection = try await stack.connect("orchestrator")
            _ = try await connection.call(
                "orchestrator.retry", params: ["job_id": .string(second.jobID), "only": ["seg_2"]])
            #expect(try await stack.end(of: second.jobID).state == .finished)
            #expect(try paid() == 5)
            let providers = try await stack.connect("imagegen").call(ImageGenAPI.providers, NoParams())
            #expect(providers.providers.map(\.name) == ["openai", "card"])
        }
    }

    @Test(
        "the team's own pictures come first, the rest is bought, and the estimate is what the dearest of the chain takes"
    )
    func folder() async throws {
        let pictures = FileManager.default.temporaryDirectory.appending(path: "us-own-\(UUID())")
        try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: pictures) }
        let extra = [
            "UNDERSTUDY_IMAGE_PROVIDERS": "folder,openai", "UNDERSTUDY_IMAGE_FOLDER": pictures.path,
            "OPENAI_API_KEY": "good-key", "OPENAI_BASE_URL": "\(openAI.url)/v1",
        ]
        try await LiveStack.with(extra) { stack in
            try stack.writeStoryboard(durations: [1, 1])
            let card = "\(pictures.path)/seg_1.png"
            _ = try await stack.connect("imagegen").call(
                ImageGenAPI.generate,
                GenerateImage(prompt: "mine", width: 640, height: 360, output: "file://\(card)", provider: "card"))
            let estimate = try await stack.connect("orchestrator").call(
                OrchestratorAPI.estimate, StartJob(userID: "u", sessionID: "s", options: nil))
            #expect(estimate.cost == USD(0.042))
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == USD(0.022))
            #expect(try paid() == 1)
            #expect(
                try Data(contentsOf: URL(filePath: stack.place("agent5/seg_1.png")))
                    == Data(contentsOf: URL(filePath: card)))
        }
    }

    @Test("stills come from Replicate, and a job that is cancelled cancels the prediction there")
    func replicate() async throws {
        let replicate = try StandIn("replicate")
        let extra = [
            "UNDERSTUDY_IMAGE_PROVIDERS": "replicate", "REPLICATE_API_TOKEN": "good-key",
            "UNDERSTUDY_REPLICATE_BASE_URL": replicate.url,
        ]
        func seen() throws -> JSONValue { try replicate.ask(["requests": true]) }
        try await LiveStack.with(extra) { stack in
            try stack.writeStoryboard(durations: [1])
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == USD(0.021))
            try replicate.ask(["misbehave": [["stay": true]]])
            try stack.write(
                #"{"segments": [{"id": "seg_1", "duration": 1, "visual_guidance": "another"}]}"#,
                to: stack.place("agent2/storyboard.json", session: "t"))
            let connection = try await stack.connect("orchestrator")
            let job = try await connection.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "t", options: nil)
            ).jobID
            while try seen()["requests"]?.array?.count ?? 0 < 2 { try await Task.sleep(for: .milliseconds(10)) }
            _ = try await connection.call("orchestrator.cancel", params: ["job_id": .string(job)])
            while try seen()["cancelled"] != ["p2x"] { try await Task.sleep(for: .milliseconds(10)) }
        }
    }

    @Test("an imagegen that is killed after a still was paid for does not pay twice")
    func killed() async throws {
        try await withStack("openai") { stack in
            try stack.writeStoryboard(durations: Array(repeating: 1, count: 8))
            let started = try await stack.connect("orchestrator").call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil))
            while try paid() < 3 { try await Task.sleep(for: .milliseconds(5)) }
            let pid = try await stack.connect("imagegen").call(ServiceHealth.method, NoParams()).pid ?? 0
            kill(pid_t(pid), SIGKILL)
            #expect(try await stack.end(of: started.jobID).state == .finished)
            // Two may have been under way, their answers lost with the process.
            #expect(try paid() <= 10)
        }
    }

    @Test("where the first provider refuses, the next of the chain draws and the job costs nothing for it")
    func chain() async throws {
        try await withStack("openai,card", key: "bad-key") { stack in
            try stack.writeStoryboard(durations: [1, 1])
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == USD(0.002))
            let texts = try Self.texts(below: stack.folder)
            #expect(texts.count > 5 && !texts.contains { $0.contains("bad-key") })
        }
    }

    @Test("a refusal that no retry mends ends the job with the provider's words, code and request")
    func refused() async throws {
        try await withStack("openai") { stack in
            try stack.writeStoryboard(durations: [1])
            try openAI.ask([
                "misbehave": [
                    [
                        "status": 400,
                        "error": [
                            "message": "Your request was rejected by our safety system", "code": "moderation_blocked",
                        ],
                    ]
                ]
            ])
            let view = try await stack.job()
            #expect(view.state == .error)
            #expect(view.error?.message.contains("safety system") == true)
            let error = await #expect(throws: ServiceError.self) {
                try openAI.ask([
                    "misbehave": [["status": 429, "error": ["message": "no", "code": "insufficient_quota"]]]
                ])
                _ = try await stack.connect("imagegen").call(
                    ImageGenAPI.generate,
                    GenerateImage(prompt: "x", width: 1920, height: 1080, output: "file://\(stack.folder)/x.png"))
            }
            #expect(error?.kind == .quotaExhausted && error?.provider == "openai")
            #expect(error?.providerCode == "insufficient_quota" && error?.requestID?.hasPrefix("req_") == true)
        }
    }

    private static func texts(below folder: String) throws -> [String] {
        let files = FileManager.default.enumerator(atPath: folder)
        var texts: [String] = []
        while let name = files?.nextObject() as? String {
            if let data = FileManager.default.contents(atPath: "\(folder)/\(name)") {
                texts.append(String(decoding: data, as: UTF8.self))
            }
        }
        return texts
    }
}
