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

/// Kills processes at random while jobs run.
///
/// `UNDERSTUDY_CHAOS_S` is the time in seconds; 15 by default, 300 with `make chaos`. `UNDERSTUDY_TEST_SEED` repeats a run's kills.
@Suite(.timeLimit(.minutes(10))) struct ChaosTests {
    private static let services = ["orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5"]
    private static let jobs = 30

    @Test
    func `whatever is killed, every job finishes, no still is drawn twice, and no message is lost`() async throws {
        let seconds = Double(ProcessInfo.processInfo.environment["UNDERSTUDY_CHAOS_S"] ?? "") ?? 15
        var random = SeededGenerator(for: "ChaosTests.kills")
        try await LiveStack.with(["UNDERSTUDY_BREAKER_FAILURES": "1000"]) { stack in
            let end = ContinuousClock.now + .seconds(seconds)
            var round = 0
            repeat {
                try await runJobs(round, stack, until: end, &random)
                round += 1
            } while ContinuousClock.now < end
        }
    }

    @Test
    func `whatever is killed, no completed order is placed again, and every order is booked`() async throws {
        let seconds = Double(ProcessInfo.processInfo.environment["UNDERSTUDY_CHAOS_S"] ?? "") ?? 15
        let openAI = try StandIn("openai_images")
        try openAI.send(["delay": 0.3])
        let environment = [
            "UNDERSTUDY_IMAGE_PROVIDERS": "openai", "OPENAI_API_KEY": "good-key", "OPENAI_BASE_URL": "\(openAI.url)/v1",
            "UNDERSTUDY_BREAKER_FAILURES": "1000",
        ]
        var random = SeededGenerator(for: "ChaosTests.purchases")
        try await LiveStack.with(environment) { stack in
            let end = ContinuousClock.now + .seconds(seconds)
            var round = 0
            repeat {
                try await buyStills(round, openAI, stack, until: end, &random)
                round += 1
            } while ContinuousClock.now < end
        }
    }

    /// Runs jobs whose stills are ordered, while the orchestrator and `imagegen` are killed.
    private func buyStills(
        _ round: Int, _ openAI: StandIn, _ stack: LiveStack, until end: ContinuousClock.Instant,
        _ random: inout SeededGenerator
    ) async throws {
        let sessions = (0..<6).map { "b\(round)-\($0)" }
        var ids: [String] = []
        for session in sessions {
            let segments = (1...3).map {
                "{\"id\": \"seg_\($0)\", \"duration\": 0.4, \"visual_guidance\": \"\(session) \($0)\"}"
            }
            try stack.write(
                "{\"segments\": [\(segments.joined(separator: ","))]}",
                to: stack.artifactPath("agent2/storyboard.json", session: session))
            ids.append(try await start(session, stack))
        }
        let seed = random.next()
        let killer = Task { () -> [Double] in
            var random = SeededGenerator(seed: seed)
            var kills: [Double] = []
            while !Task.isCancelled, ContinuousClock.now < end {
                let service = ["orchestrator", "imagegen"].randomElement(using: &random) ?? "imagegen"
                await Self.killOne(of: service, stack)
                if service == "imagegen" { kills.append(Date().timeIntervalSince1970) }
                try? await Task.sleep(for: .milliseconds(Int.random(in: 200...1500, using: &random)))
            }
            return kills
        }
        var views: [JobView] = []
        for id in ids { views.append(try await stack.waitForEnd(of: id)) }
        killer.cancel()
        let kills = await killer.value
        let orders = try openAI.send(["requests": true])["requests"]?.array ?? []
        for (view, session) in zip(views, sessions) {
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            var bought = 0
            for number in 1...3 {
                let same = orders.filter { $0["body"]?["prompt"]?.string == "\(session) \(number)" }
                bought += same.count
                for (first, _) in zip(same, same.dropFirst()) {
                    let from = first["at"]?.double ?? 0
                    let to = (first["answered"]?.double ?? from) + 1
                    #expect(
                        kills.contains { ($0 + 0.2) >= from && $0 <= to }, "\(session) \(number), \(kills), \(same)")
                }
            }
            // Each order is booked with its cost, or with what it may have cost.
            let booked = view.costs.understudy - USD(0.003) + (view.unknown ?? .zero)
            #expect(booked >= USD(0.02) * bought, "\(session): \(bought) orders, \(booked.text)")
        }
    }

    /// Runs jobs concurrently, and kills processes until the jobs have ended or the time is up.
    private func runJobs(
        _ round: Int, _ stack: LiveStack, until end: ContinuousClock.Instant, _ random: inout SeededGenerator
    ) async throws {
        let sessions = (0..<Self.jobs).map { "r\(round)-\($0)" }
        var ids: [String] = []
        for session in sessions {
            try stack.writeStoryboard(durations: [0.4, 0.3, 0.5], session: session)
            ids.append(try await start(session, stack))
        }
        let seed = random.next()
        let killer = Task {
            var random = SeededGenerator(seed: seed)
            while !Task.isCancelled, ContinuousClock.now < end {
                await Self.killOne(of: Self.services.randomElement(using: &random) ?? "clipper", stack)
                try? await Task.sleep(for: .milliseconds(Int.random(in: 50...800, using: &random)))
            }
        }
        var views: [JobView] = []
        for id in ids { views.append(try await stack.waitForEnd(of: id)) }
        killer.cancel()
        await killer.value
        for (view, session) in zip(views, sessions) {
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            let film = stack.artifactPath("agent5/final.mp4", session: session)
            #expect(try await FilmInspection.decodingErrors(film) == "")
            let receipt = try JSONCoding.decode(
                Receipt.self,
                from: try Data(contentsOf: URL(filePath: stack.artifactPath("agent5/receipt.json", session: session))))
            for segment in ["seg_1", "seg_2", "seg_3"] {
                let drawn = receipt.attempts.filter {
                    $0.work == .still && $0.segmentID == segment && $0.error == nil
                }
                #expect(drawn.count == 1, "\(session) \(segment)")
            }
            let names = try FileManager.default.contentsOfDirectory(
                atPath: stack.artifactPath("agent5", session: session))
            #expect(!names.contains { $0.hasSuffix(".tmp") }, "\(names)")
        }
        try await expectMessages(of: ids, stack)
    }

    /// Starts a job. A call whose reply is lost is repeated with the same idempotency key.
    private func start(_ session: String, _ stack: LiveStack) async throws -> String {
        try await firstValue("the job of \(session) is started") { () async throws -> String? in
            do {
                let orchestrator = try await stack.connect("orchestrator")
                var options = JobOptions()
                (options.width, options.height) = (320, 180)
                let request = StartJob(userID: "u", sessionID: session, options: options, idempotencyKey: session)
                return try await orchestrator.call(OrchestratorAPI.start, request).jobID
            } catch is RPCConnection.Lost {
                return nil
            }
        }
    }

    /// Kills a process of a service, if one serves.
    private static func killOne(of service: String, _ stack: LiveStack) async {
        guard let connection = try? await stack.connect(service),
            let pid = try? await connection.call(ServiceHealth.method, NoParams()).pid
        else { return }
        kill(pid_t(pid), SIGKILL)
    }

    /// Checks that the messages of each job are in order, without a repeated number, and end once.
    private func expectMessages(of ids: [String], _ stack: LiveStack) async throws {
        for id in ids {
            let connection = try await stack.connect("orchestrator")
            _ = try await connection.call(OrchestratorAPI.watch, WatchJobs(jobID: id, afterSeq: 0))
            var numbers: [Int] = []
            for await note in connection.notifications where note.method == OrchestratorAPI.event {
                let message = try JSONCoding.decode(StatusMessage.self, from: note.params)
                numbers.append(message.seq)
                if message.jobState.isTerminal { break }
            }
            #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 } && numbers.count > 10, "\(numbers)")
        }
    }
}
