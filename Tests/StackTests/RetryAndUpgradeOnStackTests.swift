// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import TestSupport
import Testing

/// Retries and upgrades of ended jobs, and speculative stills, with the real executables.
@Suite(.serialized, .timeLimit(.minutes(4))) struct RetryAndUpgradeOnStackTests {
    private func receipt(_ stack: LiveStack) throws -> Receipt {
        try JSONCoding.decode(
            Receipt.self, from: try Data(contentsOf: URL(filePath: stack.artifactPath("agent5/receipt.json"))))
    }

    /// Red, green and blue of the mean of a film's picture.
    private func color(of film: String, at seconds: Double) async throws -> [UInt8] {
        let raw = "\(film).rgb"
        defer { try? FileManager.default.removeItem(atPath: raw) }
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-ss", "\(seconds)", "-i", film, "-frames:v", "1", "-vf", "scale=1:1", "-f",
                "rawvideo",
                "-pix_fmt", "rgb24", raw,
            ])
        return Array(try Data(contentsOf: URL(filePath: raw)))
    }

    @Test
    func `understudy retry makes one segment again with a changed prompt or a given image`() async throws {
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: [1, 1, 1])
            let first = try await stack.runJob()
            #expect(first.state == .finished)
            let film = stack.artifactPath("agent5/final.mp4")
            let before = try await color(of: film, at: 1.5)
            let encoded = try await Program.run(
                "/usr/bin/ffmpeg",
                [
                    "-v", "error", "-y", "-f", "lavfi", "-i", "color=red:s=640x360", "-frames:v", "1",
                    stack.artifactPath("mine.png"),
                ])
            #expect(encoded.status == 0)
            let command = try await stack.understudy("retry", first.jobID, "--image", "seg_2=mine.png")
            #expect(command.status == 0, "\(command.errors)")
            #expect(try await stack.waitForEnd(of: first.jobID).state == .finished)
            let after = try await color(of: film, at: 1.5)
            #expect(after[0] > 200 && after[1] < 60 && before != after)
            #expect(try receipt(stack).segments.map(\.isReused) == [true, false, true])
            let edited = try await stack.understudy("retry", first.jobID, "--edit", "seg_2=A quiet harbour at night")
            #expect(edited.status == 0, "\(edited.errors)")
            #expect(try await stack.waitForEnd(of: first.jobID).state == .finished)
            #expect(try await color(of: film, at: 1.5)[0] < 200)
            #expect(try await FilmInspection.decodingErrors(film) == "")
            let bad = try await stack.understudy("retry", first.jobID, "--image", "seg_2=file:///etc/hostname")
            #expect(bad.status == 0)
            let view = try await stack.waitForEnd(of: first.jobID)
            #expect(view.state == .error && view.error?.message.contains("outside the store") == true)
        }
    }

    @Test
    func `an upgrade replaces a still by the lead's clip; if the lead fails again, the film stays as it is`()
        async throws
    {
        let script = """
            {"calls": [
              {"steps": [{"fail": {"kind": "quota_exhausted", "message": "no credit"}}]},
              {"steps": [{"clips": [{"segment_id": "seg_2", "clip": "lead.mp4"}], "cost_usd": 0.05}]},
              {"steps": [{"fail": {"kind": "unavailable", "message": "down again", "retryable": false}}]}
            ]}
            """
        try await LiveStack.with(script: script) { stack in
            try stack.writeStoryboard(durations: [1, 1, 1])
            let encoded = try await Program.run(
                "/usr/bin/ffmpeg",
                [
                    "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=25", "-t", "1", "-pix_fmt",
                    "yuv420p", "\(stack.folder)/lead.mp4",
                ])
            #expect(encoded.status == 0)
            let first = try await stack.runJob(["mode": "fade"])
            #expect(first.state == .finished && first.segments.allSatisfy { $0.maker == .understudy })
            let command = try await stack.understudy(
                "upgrade", first.jobID, "--segment", "seg_2", "--confirm-cost", "0.1")
            #expect(command.status == 0, "\(command.errors)")
            let upgraded = try await stack.waitForEnd(of: first.jobID)
            #expect(upgraded.state == .finished, "\(upgraded.error?.message ?? "")")
            #expect(
                upgraded.segments.map(\.maker) == [.understudy, .lead, .understudy] && upgraded.costs.lead == USD(0.05))
            let film = stack.artifactPath("agent5/final.mp4")
            #expect(try await FilmInspection.decodingErrors(film) == "")
            let bytes = try Data(contentsOf: URL(filePath: film))
            _ = try await stack.understudy("upgrade", first.jobID, "--confirm-cost", "0.1")
            let unchanged = try await stack.waitForEnd(of: first.jobID)
            #expect(unchanged.state == .finished && unchanged.warnings.contains { $0.contains("down again") })
            #expect(try Data(contentsOf: URL(filePath: film)) == bytes)
        }
    }

    @Test
    func `speculative stills are used if a slow lead fails, and are booked as hedge if it delivers`() async throws {
        let script = """
            {"calls": [{"match": {"session_id": "fails"},
                        "steps": [{"wait_ms": 1500}, {"fail": {"kind": "timeout", "message": "too slow"}}]},
                       {"steps": [{"wait_ms": 1500}, {"video": "film.mp4", "cost_usd": 0.15}]}]}
            """
        let prices = TemporaryPath.new("prices", suffix: ".json")
        try "{\"image\": {\"card\": 0.01}}".write(toFile: prices, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: prices) }
        try await LiveStack.with(script: script, ["UNDERSTUDY_PRICES": prices]) { stack in
            let encoded = try await Program.run(
                "/usr/bin/ffmpeg",
                [
                    "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30", "-t", "2", "-pix_fmt",
                    "yuv420p", "\(stack.folder)/film.mp4",
                ])
            #expect(encoded.status == 0)
            for session in ["fails", "s"] { try stack.writeStoryboard(durations: [1, 1], session: session) }
            let taken = try await stack.runJob(["hedge_after_s": 0.1], session: "fails")
            #expect(taken.state == .finished && taken.segments.allSatisfy { $0.maker == .understudy })
            let delivered = try await stack.runJob(["hedge_after_s": 0.1])
            #expect(delivered.state == .finished, "\(delivered.error?.message ?? "")")
            let receipt = try receipt(stack)
            #expect(receipt.segments.allSatisfy { $0.maker == .lead } && receipt.hedge == USD(0.02))
        }
    }
}
