// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// The replica in Python that `docs/wire.md` shows, in a running stack.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ForeignReplicaTests {
    private static let document = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/wire.md")

    /// The document's program.
    private static func program() throws -> String {
        let text = try String(contentsOf: document, encoding: .utf8)
        let start = try #require(text.range(of: "```python\n"))
        let end = try #require(text.range(of: "```", range: start.upperBound..<text.endIndex))
        return String(text[start.upperBound..<end.lowerBound])
    }

    /// Runs `body` with the program as the replica `painter` of `imagegen`.
    private func withPainter(_ stack: LiveStack, _ body: (Program) async throws -> Void) async throws {
        try stack.write(try Self.program(), to: "\(stack.folder)/replica.py")
        let painter = try await Program(
            "/usr/bin/python3", ["-B", "\(stack.folder)/replica.py", "painter"], environment: stack.environment)
        do {
            try await until("the painter is published") {
                stack.runDirectory.instances(of: "imagegen").contains("painter")
            }
            try await body(painter)
        } catch {
            painter.signal(SIGKILL)
            _ = await painter.waitUntilExit()
            throw error
        }
    }

    /// The providers that drew the stills of a finished job.
    private func painters(_ view: JobView, _ stack: LiveStack) async throws -> Set<String> {
        let receipt = try await stack.connect("orchestrator").call(
            "orchestrator.receipt", params: ["job_id": .string(view.jobID)])
        return Set((receipt["segments"]?.array ?? []).compactMap { $0["image_provider"]?.string })
    }

    @Test
    func `a replica in Python draws its part of the stills, and leaves without an error`() async throws {
        try await LiveStack.with { stack in
            try await withPainter(stack) { painter in
                #expect(try await stack.understudy("ps").output.contains("painter"))
                try stack.writeStoryboard(durations: Array(repeating: 1, count: 8))
                let view = try await stack.runJob()
                #expect(view.state == .finished, "\(view.error?.message ?? "")")
                #expect(try await painters(view, stack).isSuperset(of: ["card", "python"]))
                painter.signal(SIGTERM)
                #expect(await painter.waitUntilExit().status == 0)
                #expect(stack.runDirectory.instances(of: "imagegen") == ["imagegen-1"])
            }
            try stack.writeStoryboard(durations: [1, 1], session: "t")
            let view = try await stack.runJob(session: "t")
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
        }
    }

    @Test
    func `a replica in Python that is killed costs no film, and its socket is removed by the next one`() async throws {
        try await LiveStack.with { stack in
            try await withPainter(stack) { painter in
                painter.signal(SIGKILL)
                _ = await painter.waitUntilExit()
            }
            #expect(stack.runDirectory.instances(of: "imagegen") == ["imagegen-1", "painter"])
            try stack.writeStoryboard(durations: Array(repeating: 1, count: 4))
            #expect(try await stack.runJob().state == .finished)
            let next = try await Program(
                "imagegen", environment: stack.environment.merging(["UNDERSTUDY_INSTANCE": "next"]) { _, own in own })
            try await until("the next one is published") {
                stack.runDirectory.instances(of: "imagegen").contains("next")
            }
            #expect(stack.runDirectory.instances(of: "imagegen") == ["imagegen-1", "next"])
            next.signal(SIGTERM)
            #expect(await next.waitUntilExit().status == 0)
        }
    }
}
