// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct NarrationFitTests {
    private func segments(_ durations: [Double], audio: [String?]? = nil, starts: [Double?]? = nil) -> [PlannedSegment]
    {
        durations.indices.map { index in
            PlannedSegment(
                id: "s\(index)", duration: durations[index], frames: Int(durations[index] * 30), guidance: "g",
                narration: nil, audio: audio.map { $0[index] } ?? "file:///\(index).mp3",
                audioStart: starts?[index] ?? nil)
        }
    }

    private func fit(_ fitting: NarrationFitting, fps: Double? = nil) -> NarrationFit {
        var options = JobOptions()
        (options.fitNarration, options.fps) = (fitting, fps)
        return NarrationFit(options)
    }

    @Test
    func `a segment is extended to its longer narration in whole frames`() {
        var plan = segments([2, 3, 2])
        let warnings = fit(.extend).apply(to: &plan, lengths: [0: 4.51, 1: 2.5, 2: 2.0])
        #expect(warnings == [])
        #expect(plan.map(\.frames) == [136, 90, 60])
        #expect(plan[0].duration >= 4.51 && plan[0].duration < 4.51 + 0.034 && plan[1].duration == 3)
        #expect(plan.allSatisfy { $0.tempo == nil })
        var exact = segments([2])
        _ = fit(.extend, fps: 25).apply(to: &exact, lengths: [0: 5])
        #expect(exact[0].duration == 5 && exact[0].frames == 125)
    }

    @Test
    func `the tempo is as low as possible and at most 1.15`() {
        var plan = segments([2, 2, 2])
        _ = fit(.speed).apply(to: &plan, lengths: [0: 2.2, 1: 4, 2: 1.9])
        #expect(abs((plan[0].tempo ?? 0) - 1.11) < 0.005 && plan[1].tempo == 1.15 && plan[2].tempo == nil)
        #expect(plan.map(\.duration) == [2, 2, 2])
    }

    @Test
    func `a shared narration extends only the last segment and keeps its tempo`() {
        let parts = segments(
            [2, 2, 2], audio: Array(repeating: "file:///n.mp3", count: 3), starts: [0, 2, 4])
        #expect(fit(.extend).measured(parts) == [2])
        #expect(fit(.speed).measured(parts) == [])
        var extended = parts
        _ = fit(.extend).apply(to: &extended, lengths: [2: 7])
        #expect(extended.map(\.duration) == [2, 2, 3])
        #expect(fit(.cut).measured(segments([1, 1])) == [])
        #expect(fit(.extend).measured(segments([1, 1], audio: [nil, "file:///a.mp3"])) == [1])
    }

    @Test
    func `the lead's storyboard has the extended durations and is otherwise unchanged`() {
        let board: JSONValue = [
            "title": "t",
            "segments": [["id": "s0", "duration": 2, "mood": "x"], ["id": "s1", "duration": 3]],
        ]
        var plan = segments([2, 3])
        let extend = fit(.extend)
        _ = extend.apply(to: &plan, lengths: [0: 4])
        let extended = extend.storyboard(board, of: plan)
        #expect(extended["title"] == "t" && extended["segments"]?.array?[0]["mood"] == "x")
        #expect(extended["segments"]?.array?[0]["duration"]?.double == 4)
        #expect(extended["segments"]?.array?[1] == board["segments"]?.array?[1])
        #expect(fit(.cut).storyboard(board, of: plan) == board)
    }

    @Test
    func `an unknown value of fit_narration is rejected`() throws {
        #expect(try OptionsCheck.read(["fit_narration": "speed"]).fitNarration == .speed)
        let error = #expect(throws: ServiceError.self) { try OptionsCheck.read(["fit_narration": "squeeze"]) }
        #expect(error?.message == "/options/fit_narration: expected one of cut, extend, speed")
    }

    @Test
    func `a cut narration is one warning of the job and its receipt`() {
        var fixture = JobMachineFixture(entry: .fallback)
        fixture.apply(.started)
        fixture.apply(.loaded(JobMachineFixture.plan(2)))
        for index in 0..<2 {
            fixture.image(index)
            fixture.clip(index)
        }
        fixture.apply(.narrated(segment: 0, startedAt: fixture.now, trimmed: 2.34))
        fixture.apply(.narrated(segment: 1, startedAt: fixture.now, trimmed: 0.03))
        let expected = "seg_1: the narration is 2.4 s longer than its segment; its end is cut"
        #expect(fixture.machine.warnings.filter { $0.contains("cut") } == [expected], "\(fixture.machine.warnings)")
        #expect(fixture.machine.receipt.warnings.contains(expected))
    }

    @Test
    func `events without trimmed narrations are decoded`() throws {
        let time = try JSONCoding.convert(Timestamp.now, to: JSONValue.self)
        let old: JSONValue = ["narrated": ["segment": 1, "startedAt": time]]
        guard case .narrated(1, _, nil) = try EventFormat.decode(try JSONCoding.encode(old)) else {
            Issue.record("decoded as a different event")
            return
        }
    }
}
