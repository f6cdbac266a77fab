import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// `imagegen` is killed at each moment at which something on its disk changes: what it ordered is in its caller's books all the same.
@Suite(.serialized, .timeLimit(.minutes(4))) struct OrderCrashTests {
    private static let price = USD(0.02)
    private let openAI: StandIn

    init() throws {
        openAI = try StandIn("openai_images")
    }

    @Test("killed before each rename of a purchase: each order is booked once")
    func purchase() async throws { try await killAtEachRename { _ in } }

    @Test("killed before each rename after a process was killed with the order under way: each order is booked once")
    func settlement() async throws {
        try await killAtEachRename { caller in
            try openAI.ask(["delay": 20])
            let program = try await caller.start(killedAtRename: nil)
            let (stack, prompt) = (caller.stack, caller.prompt)
            let call = Task { try? await Caller.generate(prompt, attempt: 0, stack) }
            let isAsked = await Program.comes { ((try? caller.orders()) ?? 0) == 1 }
            #expect(isAsked)
            program.signal(SIGKILL)
            _ = await call.value
            _ = await program.ended()
            try openAI.ask(["delay": 0])
        }
    }

    @Test("killed before each rename of a purchase whose first answer is of no use: each order is booked once")
    func repeated() async throws {
        try await killAtEachRename { caller in
            try openAI.ask(["misbehave": [["for": .string(caller.prompt), "truncate": 30]]])
        }
    }

    /// Buys one picture after the other, each from a process that is killed one rename later, until one is not killed.
    private func killAtEachRename(_ prepare: (Caller) async throws -> Void) async throws {
        var number = 1
        var isKilled = true
        while isKilled, number < 40 {
            let caller = try Caller(openAI, prompt: "picture \(number) ")
            defer { try? FileManager.default.removeItem(atPath: caller.stack.folder) }
            try await prepare(caller)
            isKilled = try await caller.buy(killedAtRename: number)
            let orders = try caller.orders()
            #expect((1...3).contains(orders), "killed at rename \(number): \(orders) orders")
            #expect(caller.booked == Self.price * orders, "killed at rename \(number): \(orders) orders")
            number += 1
        }
        // The socket's name, the order, its end, the picture in the cache and at its place, and the reply.
        #expect(!isKilled && number > 6, "\(number)")
    }

    /// A caller that books each loss before it goes on, as the orchestrator does.
    private final class Caller {
        let stack: LiveStack
        let prompt: String
        private let openAI: StandIn
        private var attempt = 0
        private(set) var booked = USD.zero

        init(_ openAI: StandIn, prompt: String) throws {
            self.openAI = openAI
            self.prompt = prompt
            stack = try LiveStack.prepare([
                "UNDERSTUDY_IMAGE_PROVIDERS": "openai", "OPENAI_API_KEY": "good-key",
                "OPENAI_BASE_URL": "\(openAI.url)/v1", "UNDERSTUDY_INSTANCE": "one",
            ])
        }

        func start(killedAtRename number: Int?) async throws -> Program {
            var environment = stack.environment
            if let number {
                environment["LD_PRELOAD"] = try await library()
                environment["KILL_AT_RENAME"] = "\(number)"
            }
            return try await Program("imagegen", environment: environment)
        }

        /// The compiled `Hostile/kill_at_rename.c`.
        private func library() async throws -> String {
            let path = "\(stack.folder)/kill_at_rename.so"
            let source = Bundle.module.bundlePath + "/Hostile/kill_at_rename.c"
            let compiled = try await Program.run(
                "/usr/bin/env", ["clang", "-shared", "-fPIC", "-o", path, source, "-ldl"])
            #expect(compiled.status == 0, "\(compiled.errors)")
            return path
        }

        /// Orders of the picture that the provider got.
        func orders() throws -> Int {
            let all = try openAI.ask(["requests": true])["requests"]?.array ?? []
            return all.count { $0["body"]?["prompt"]?.string == prompt }
        }

        static func generate(_ prompt: String, attempt: Int, _ stack: LiveStack) async throws -> GeneratedImage {
            let connection = try await RPCConnection.connect(
                to: try stack.run.socketPath(service: "imagegen", instance: "one"), patience: .seconds(20))
            let request = GenerateImage(
                prompt: prompt, width: 320, height: 180, output: "file://\(stack.folder)/picture.png",
                idempotencyKey: "key", attempt: attempt, maxCost: OrderCrashTests.price)
            return try await connection.call(ImageGenAPI.generate, request)
        }

        /// The process exited before it served.
        private struct ProcessExited: Error {}

        /// Calls until the picture is delivered; a process that has exited is started again.
        ///
        /// - Returns: whether the process was killed.
        func buy(killedAtRename number: Int) async throws -> Bool {
            var program = try await start(killedAtRename: number)
            var isKilled = false
            defer { program.signal(SIGKILL) }
            while true {
                do {
                    // One that is killed before it serves is not waited for.
                    let path = try stack.run.socketPath(service: "imagegen", instance: "one")
                    let isServing = await Program.comes {
                        FileManager.default.fileExists(atPath: path) || kill(program.identifier, 0) != 0
                    }
                    guard isServing, kill(program.identifier, 0) == 0 else {
                        throw ProcessExited()
                    }
                    let image = try await Self.generate(prompt, attempt: attempt, stack)
                    booked += image.cost + (image.wasted ?? .zero) + (image.unknown ?? .zero)
                    return isKilled
                } catch let failure as ServiceError where failure.nextAttempt != nil {
                    booked += failure.wasted + failure.unknown
                    attempt = failure.nextAttempt ?? attempt
                } catch {
                    guard !isKilled else { throw error }
                    isKilled = true
                    _ = await program.ended()
                    program = try await start(killedAtRename: nil)
                }
            }
        }
    }
}
