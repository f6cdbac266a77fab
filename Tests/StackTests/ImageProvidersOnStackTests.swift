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

/// Jobs whose stills are from image providers.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ImageProvidersOnStackTests {
    private let openAI: StandIn

    init() throws {
        openAI = try StandIn("openai_images")
    }

    private func withStack(
        _ providers: String, key: String = "good-key", _ body: (LiveStack) async throws -> Void
    ) async throws {
        // A file that ends with a line break, as containers get it.
        let file = FileManager.default.temporaryDirectory.appending(path: "us-key-\(UUID())").path
        try "\(key)\n".write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await LiveStack.with(
            [
                "UNDERSTUDY_IMAGE_PROVIDERS": providers, "OPENAI_API_KEY_FILE": file,
                // A key that is not needed may be empty.
                "REPLICATE_API_TOKEN_FILE": "/dev/null",
                "OPENAI_BASE_URL": "\(openAI.url)/v1", "UNDERSTUDY_OPENAI_IMAGE_MODEL": "gpt-image-2",
            ], body)
    }

    /// The number of orders that the provider received.
    private func paidOrders() throws -> Int { try openAI.send(["requests": true])["requests"]?.array?.count ?? 0 }

    @Test
    func `four segments cost four stills and clips; a second job reuses the stills; a retry orders a new one`()
        async throws
    {
        try await withStack("openai") { stack in
            try stack.writeStoryboard(durations: [1, 1, 1, 1])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == USD(0.084) && view.costs.total == USD(0.084))
            #expect(view.segments.allSatisfy { $0.image?.hasSuffix(".png") == true })
            #expect(try paidOrders() == 4)
            #expect(try await FilmInspection.decodingErrors(stack.artifactPath("agent5/final.mp4")) == "")
            let still = try await FilmInspection.probe(stack.artifactPath("agent5/seg_1.png"))
            #expect(still.contains("stream"), "\(still)")
            let second = try await stack.runJob()
            #expect(second.costs.understudy == USD(0.004))
            #expect(try paidOrders() == 4)
            let connection = try await stack.connect("orchestrator")
            _ = try await connection.call(
                "orchestrator.retry", params: ["job_id": .string(second.jobID), "only": ["seg_2"]])
            #expect(try await stack.waitForEnd(of: second.jobID).state == .finished)
            #expect(try paidOrders() == 5)
            let providers = try await stack.connect("imagegen").call(ImageGenAPI.providers, NoParams())
            #expect(providers.providers.map(\.name) == ["openai", "card"])
        }
    }

    @Test
    func `images of the folder are preferred, and the estimate assumes the most expensive provider`() async throws {
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
                OrchestratorAPI.estimate, StartJob(userID: "u", sessionID: "s", options: .small))
            #expect(estimate.cost == USD(0.042))
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == USD(0.022))
            #expect(try paidOrders() == 1)
            #expect(
                try Data(contentsOf: URL(filePath: stack.artifactPath("agent5/seg_1.png")))
                    == Data(contentsOf: URL(filePath: card)))
        }
    }

    @Test
    func `stills are from Replicate, and cancelling the job cancels its prediction`() async throws {
        let replicate = try StandIn("replicate")
        let extra = [
            "UNDERSTUDY_IMAGE_PROVIDERS": "replicate", "REPLICATE_API_TOKEN": "good-key",
            "UNDERSTUDY_REPLICATE_BASE_URL": replicate.url,
        ]
        func received() throws -> JSONValue { try replicate.send(["requests": true]) }
        try await LiveStack.with(extra) { stack in
            try stack.writeStoryboard(durations: [1])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == USD(0.021))
            try replicate.send(["misbehave": [["stay": true]]])
            try stack.write(
                #"{"segments": [{"id": "seg_1", "duration": 1, "visual_guidance": "another"}]}"#,
                to: stack.artifactPath("agent2/storyboard.json", session: "t"))
            let connection = try await stack.connect("orchestrator")
            let job = try await connection.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "t", options: .small)
            ).jobID
            try await until("the second prediction is ordered") {
                try received()["requests"]?.array?.count ?? 0 >= 2
            }
            _ = try await connection.call("orchestrator.cancel", params: ["job_id": .string(job)])
            try await until("the second prediction is cancelled") { try received()["cancelled"] == ["p2x"] }
            #expect(try await stack.waitForEnd(of: job).state == .cancelled)
            #expect(try received()["requests"]?.array?.count == 2)
        }
    }

    @Test
    func `no completed order is placed again after imagegen is killed`() async throws {
        try await withStack("openai") { stack in
            try stack.writeStoryboard(durations: Array(repeating: 1, count: 8))
            let started = try await stack.connect("orchestrator").call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            try await until("three stills are ordered") { try paidOrders() >= 3 }
            let pid = try await stack.connect("imagegen").call(ServiceHealth.method, NoParams()).pid ?? 0
            kill(pid_t(pid), SIGKILL)
            #expect(try await stack.waitForEnd(of: started.jobID).state == .finished)
            // Two orders may have been in flight, and their replies lost with the process.
            #expect(try paidOrders() <= 10)
        }
    }

    @Test
    func `if the first provider of the chain rejects the key, the next one draws, and only that is booked`()
        async throws
    {
        try await withStack("openai,card", key: "bad-key") { stack in
            try stack.writeStoryboard(durations: [1, 1])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == USD(0.002))
            let texts = try Self.texts(below: stack.folder)
            #expect(texts.count > 5 && !texts.contains { $0.contains("bad-key") })
        }
    }

    @Test
    func `a final rejection ends the job with the provider's message, code and request id`() async throws {
        try await withStack("openai") { stack in
            try stack.writeStoryboard(durations: [1])
            try openAI.send([
                "misbehave": [
                    [
                        "status": 400,
                        "error": [
                            "message": "Your request was rejected by our safety system", "code": "moderation_blocked",
                        ],
                    ]
                ]
            ])
            let view = try await stack.runJob()
            #expect(view.state == .error)
            #expect(view.error?.message.contains("safety system") == true)
            let error = await #expect(throws: ServiceError.self) {
                try openAI.send([
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

    /// The contents of all files below a folder.
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
