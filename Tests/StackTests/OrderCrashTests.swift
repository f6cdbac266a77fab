// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import TestSupport
import Testing

/// Kills `imagegen` at each change on its disk: whatever it ordered is booked by its caller.
@Suite(.serialized, .timeLimit(.minutes(4))) struct OrderCrashTests {
    private static let price = USD(0.02)
    private let openAI: StandIn

    init() throws {
        openAI = try StandIn("openai_images")
    }

    @Test
    func `each order is booked once if imagegen is killed before each rename of a purchase`() async throws {
        try await killAtEachRename { _ in }
    }

    @Test
    func `each order is booked once if imagegen is killed before each rename of the recovery from a kill`() async throws
    {
        try await killAtEachRename { caller in
            try openAI.send(["delay": 20])
            let program = try await caller.start(killedAtRename: nil)
            let (stack, prompt) = (caller.stack, caller.prompt)
            let call = Task { try? await Caller.generate(prompt, attempt: 0, stack) }
            try await until("the image is ordered") { try caller.orders() == 1 }
            program.signal(SIGKILL)
            _ = await call.value
            _ = await program.waitUntilExit()
            try openAI.send(["delay": 0])
        }
    }

    @Test
    func `each order is booked once if imagegen is killed before each rename after an unusable image`() async throws {
        try await killAtEachRename { caller in
            try openAI.send(["misbehave": [["for": .string(caller.prompt), "truncate": 30]]])
        }
    }

    /// Buys images, each from a process that is killed one rename later than the previous one, until one is not killed.
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
        // The renames are those of the socket, the order, its end, the image in the cache, the output and the reply.
        #expect(!isKilled && number > 6, "\(number)")
    }

    /// A caller that books each loss before it retries, as the orchestrator does.
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

        /// Starts `imagegen`.
        ///
        /// - Parameter number: The rename before which the process is killed; `nil` for none.
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

        /// The number of orders of the image that the provider received.
        func orders() throws -> Int {
            let all = try openAI.send(["requests": true])["requests"]?.array ?? []
            return all.count { $0["body"]?["prompt"]?.string == prompt }
        }

        static func generate(_ prompt: String, attempt: Int, _ stack: LiveStack) async throws -> GeneratedImage {
            let connection = try await RPCConnection.connect(
                to: try stack.runDirectory.socketPath(service: "imagegen", instance: "one"), timeout: .seconds(20))
            let request = GenerateImage(
                prompt: prompt, width: 320, height: 180, output: "file://\(stack.folder)/picture.png",
                idempotencyKey: "key", attempt: attempt, maxCost: OrderCrashTests.price)
            return try await connection.call(ImageGenAPI.generate, request)
        }

        /// The process ended before it served.
        private struct ProcessEnded: Error {}
        /// Twenty calls did not deliver the image.
        private struct NotDelivered: Error {}

        /// Calls until the image is delivered. A process that has ended is started again.
        ///
        /// - Returns: Whether the process was killed.
        func buy(killedAtRename number: Int) async throws -> Bool {
            var program = try await start(killedAtRename: number)
            var isKilled = false
            defer { program.signal(SIGKILL) }
            for _ in 0..<20 {
                do {
                    let path = try stack.runDirectory.socketPath(service: "imagegen", instance: "one")
                    try await until("imagegen serves or has ended") {
                        FileManager.default.fileExists(atPath: path) || kill(program.identifier, 0) != 0
                    }
                    guard kill(program.identifier, 0) == 0 else { throw ProcessEnded() }
                    let image = try await Self.generate(prompt, attempt: attempt, stack)
                    booked += image.cost + (image.wasted ?? .zero) + (image.unknown ?? .zero)
                    return isKilled
                } catch let failure as ServiceError where failure.nextAttempt != nil {
                    booked += failure.wasted + failure.unknown
                    attempt = failure.nextAttempt ?? attempt
                } catch {
                    guard !isKilled else { throw error }
                    isKilled = true
                    _ = await program.waitUntilExit()
                    program = try await start(killedAtRename: nil)
                }
            }
            throw NotDelivered()
        }
    }
}
