import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// Processes are killed at random while jobs run. `UNDERSTUDY_CHAOS_S` says for how many seconds: `make chaos` takes 300.
@Suite(.serialized) struct ChaosTests {
    private static let services = ["orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5"]
    private static let jobs = 30

    @Test("whatever is killed, every job is finished, every film is whole, no still is drawn twice, no message is lost")
    func kills() async throws {
        let seconds = Double(ProcessInfo.processInfo.environment["UNDERSTUDY_CHAOS_S"] ?? "") ?? 15
        try await LiveStack.with(["UNDERSTUDY_BREAKER_FAILURES": "1000"]) { stack in
            let end = ContinuousClock.now + .seconds(seconds)
            var round = 0
            repeat {
                try await play(round, stack, until: end)
                round += 1
            } while ContinuousClock.now < end
        }
    }

    @Test("whatever is killed, no still is bought twice outside its own flight, and every order is in the books")
    func purchases() async throws {
        let seconds = Double(ProcessInfo.processInfo.environment["UNDERSTUDY_CHAOS_S"] ?? "") ?? 15
        let openAI = try StandIn("openai_images")
        try openAI.ask(["delay": 0.3])
        let environment = [
            "UNDERSTUDY_IMAGE_PROVIDERS": "openai", "OPENAI_API_KEY": "good-key", "OPENAI_BASE_URL": "\(openAI.url)/v1",
            "UNDERSTUDY_BREAKER_FAILURES": "1000",
        ]
        try await LiveStack.with(environment) { stack in
            let end = ContinuousClock.now + .seconds(seconds)
            var round = 0
            repeat {
                try await buy(round, openAI, stack, until: end)
                round += 1
            } while ContinuousClock.now < end
        }
    }

    /// Runs jobs whose stills are bought, while those who buy them are killed.
    private func buy(
        _ round: Int, _ openAI: StandIn, _ stack: LiveStack, until end: ContinuousClock.Instant
    ) async throws {
        let sessions = (0..<6).map { "b\(round)-\($0)" }
        var ids: [String] = []
        for session in sessions {
            let segments = (1...3).map {
                "{\"id\": \"seg_\($0)\", \"duration\": 0.4, \"visual_guidance\": \"\(session) \($0)\"}"
            }
            try stack.write(
                "{\"segments\": [\(segments.joined(separator: ","))]}",
                to: stack.place("agent2/storyboard.json", session: session))
            ids.append(try await start(session, stack))
        }
        let killer = Task { () -> [Double] in
            var kills: [Double] = []
            while !Task.isCancelled, ContinuousClock.now < end {
                let service = ["orchestrator", "imagegen"].randomElement() ?? "imagegen"
                await Self.killOne(of: service, stack)
                if service == "imagegen" { kills.append(Date().timeIntervalSince1970) }
                try? await Task.sleep(for: .milliseconds(Int.random(in: 200...1500)))
            }
            return kills
        }
        var views: [JobView] = []
        for id in ids { views.append(try await stack.end(of: id)) }
        killer.cancel()
        let kills = await killer.value
        let orders = try openAI.ask(["requests": true])["requests"]?.array ?? []
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
            // Each order is in the books: as what it cost, or as what it may have cost.
            let booked = view.costs.understudy - USD(0.003) + (view.unknown ?? .zero)
            #expect(booked >= USD(0.02) * bought, "\(session): \(bought) orders, \(booked.text)")
        }
    }

    /// Runs jobs side by side, and kills a process from time to time until they are done or the time is up.
    private func play(_ round: Int, _ stack: LiveStack, until end: ContinuousClock.Instant) async throws {
        let sessions = (0..<Self.jobs).map { "r\(round)-\($0)" }
        var ids: [String] = []
        for session in sessions {
            try stack.writeStoryboard(durations: [0.4, 0.3, 0.5], session: session)
            ids.append(try await start(session, stack))
        }
        let killer = Task {
            while !Task.isCancelled, ContinuousClock.now < end {
                await Self.killOne(of: Self.services.randomElement() ?? "clipper", stack)
                try? await Task.sleep(for: .milliseconds(Int.random(in: 50...800)))
            }
        }
        var views: [JobView] = []
        for id in ids { views.append(try await stack.end(of: id)) }
        killer.cancel()
        await killer.value
        for (view, session) in zip(views, sessions) {
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            let film = stack.place("agent5/final.mp4", session: session)
            #expect(try await Judge.complaints(film) == "")
            let receipt = try JSONCoding.decode(
                Receipt.self,
                from: try Data(contentsOf: URL(filePath: stack.place("agent5/receipt.json", session: session))))
            for segment in ["seg_1", "seg_2", "seg_3"] {
                let drawn = receipt.attempts.filter {
                    $0.work == .still && $0.segmentID == segment && $0.error == nil
                }
                #expect(drawn.count == 1, "\(session) \(segment)")
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: stack.place("agent5", session: session))
            #expect(!names.contains { $0.hasSuffix(".tmp") }, "\(names)")
        }
        try await expectMessages(of: ids, stack)
    }

    /// A start whose reply is lost is sent again with the same key.
    private func start(_ session: String, _ stack: LiveStack) async throws -> String {
        while true {
            do {
                let orchestrator = try await stack.connect("orchestrator")
                var options = JobOptions()
                (options.width, options.height) = (320, 180)
                let request = StartJob(userID: "u", sessionID: session, options: options, idempotencyKey: session)
                return try await orchestrator.call(OrchestratorAPI.start, request).jobID
            } catch is RPCConnection.Lost {
                continue
            }
        }
    }

    private static func killOne(of service: String, _ stack: LiveStack) async {
        guard let connection = try? await stack.connect(service),
            let pid = try? await connection.call(ServiceHealth.method, NoParams()).pid
        else { return }
        kill(pid_t(pid), SIGKILL)
    }

    /// Each job's messages come in order, without a number twice, and end once.
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
