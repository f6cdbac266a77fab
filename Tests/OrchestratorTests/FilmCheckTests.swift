// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSON
import Testing

@testable import Orchestrator

/// Checks films of 30 s with two segments of 15 s each.
@Suite(.timeLimit(.minutes(1))) struct FilmCheckTests {
    private struct Film {
        var seconds = 30.0
        var sound: ClosedRange<Double>? = 0...30
        var loudness: Double? = -20
        var black: [ClosedRange<Double>] = []
        var frozen: [ClosedRange<Double>] = []
        var silent: [ClosedRange<Double>] = []
        var missing: [String] = []

        var probe: ProbedMedia {
            var video = ProbedStream(type: "video", codec: "h264")
            (video.start, video.end, video.presented) = (0, seconds, seconds)
            var streams = [video]
            if let sound {
                var audio = ProbedStream(type: "audio", codec: "aac")
                (audio.start, audio.end) = (sound.lowerBound, sound.upperBound)
                audio.presented = sound.upperBound - sound.lowerBound
                streams.append(audio)
            }
            var probe = ProbedMedia(
                container: "mp4", duration: seconds, streams: streams, frames: 900, decodedOK: true, problems: [])
            var points = [("black_total", black), ("frozen_total", frozen), ("silent_total", silent)].map {
                name, list in
                DeliveryPoint(
                    name: name, measured: "", value: list.reduce(0) { $0 + $1.upperBound - $1.lowerBound }, target: "",
                    isPassed: true,
                    timeRanges: list.map { ReportedTimeRange(start: $0.lowerBound, end: $0.upperBound) })
            }
            if sound != nil {
                points.append(
                    DeliveryPoint(name: "loudness", measured: "", value: loudness, target: "", isPassed: true))
            }
            points += missing.map {
                DeliveryPoint(name: "sync_\($0)", measured: "silent", target: "", isPassed: false)
            }
            probe.report = DeliveryReport(isPassed: true, points: points)
            return probe
        }

        func findings(segments: Int = 2, narrated: Bool = true, share: Double = 0.9) -> LeadFilmFindings {
            LeadFilmFindings(probe, JobMachineFixture.plan(segments, narrated: narrated), fps: 30, share: share)
        }
    }

    @Test
    func `a film that is black, frozen or silent throughout is rejected; a good film has no findings`() {
        let good = Film().findings()
        #expect(good.fault == nil && good.segments.isEmpty && good.warnings.isEmpty)
        #expect(Film(black: [0...30]).findings().fault == "is black throughout")
        #expect(Film(frozen: [0...30]).findings().fault?.hasPrefix("shows the same picture throughout") == true)
        #expect(Film(loudness: nil).findings().fault == "is silent although there are narrations")
        #expect(Film(sound: nil).findings().fault == "has no sound although there are narrations")
    }

    @Test
    func `black and frozen pictures are a fault from the fault share on and a warning below it`() {
        let most = Film(black: [1...29])
        #expect(most.findings().fault == "is black for 28.0 s of 30.0 s: 1.0 to 29.0 s")
        #expect(most.findings(share: 0.95).fault == nil)
        #expect(most.findings(share: 0.95).warnings == ["is black for 28.0 s of 30.0 s: 1.0 to 29.0 s"])
        #expect(Film(black: [3...9]).findings(share: 0.2).fault != nil)
        #expect(Film(frozen: [2...30]).findings().fault?.contains("for 28.0 s of 30.0 s") == true)
        let many = Film(black: (0..<8).map { Double($0) * 3...Double($0) * 3 + 1 })
        #expect(many.findings().warnings.first?.hasSuffix("12.0 to 13.0 s, 3 more") == true)
        #expect(Film(silent: [2...20]).findings().warnings == ["is silent for 18.0 s of 30.0 s: 2.0 to 20.0 s"])
    }

    @Test
    func `pictures that change only between segments are not a fault`() {
        let stills = Film(frozen: [0...15, 15...30])
        #expect(stills.findings().fault == nil && stills.findings().segments.isEmpty)
        #expect(stills.findings().warnings.count == 1)
        let single = LeadFilmFindings(
            Film(seconds: 15, sound: 0...15, frozen: [0...15]).probe, JobMachineFixture.plan(1), fps: 30, share: 0.9)
        #expect(single.fault == nil)
    }

    @Test
    func `an inaudible narration is a fault of its segment`() throws {
        let findings = Film(sound: 0...16, missing: ["seg_2"]).findings()
        #expect(findings.fault == nil && findings.canBeCut(JobMachineFixture.plan(2)))
        let fault = try #require(findings.segments.first)
        #expect(fault.id == "seg_2" && fault.isFilmFault && fault.fault.contains("its sound ends at 16.0 s"))
    }

    @Test
    func `sound longer than the pictures, or ending early in a film without narrations, is a fault`() {
        let long = Film(sound: 0...60).findings()
        #expect(
            long.fault == "has sound up to 60.0 s, but its pictures end at 30.0 s"
                && !long.canBeCut(JobMachineFixture.plan(2)))
        let short = Film(sound: 0...9).findings(narrated: false)
        #expect(short.fault == "has sound only up to 9.0 s, but lasts 30.0 s")
        #expect(short.segments.map(\.id) == ["seg_1", "seg_2"])
        #expect(Film(sound: 0...28.5).findings(narrated: false).fault == nil)
        let silent = Film(sound: nil).findings(narrated: false)
        #expect(silent.fault == nil && silent.warnings == ["is silent"])
    }

    @Test
    func `one black segment can be cut out; a film of black segments cannot be cut`() {
        let findings = Film(black: [0...14.95]).findings()
        #expect(findings.fault == nil && findings.segments.map(\.id) == ["seg_1"])
        #expect(findings.canBeCut(JobMachineFixture.plan(2)) && !findings.segments[0].isFilmFault)
        #expect(!Film(black: [0...30]).findings().canBeCut(JobMachineFixture.plan(2)))
    }

    @Test
    func `the tolerance of a film's duration is half a second`() {
        #expect(abs(FilmCheck.tolerance(fps: 30) - 0.501) < 1e-9)
        #expect(abs(FilmCheck.tolerance(fps: nil) - 0.501) < 1e-9)
    }

    @Test
    func `events of earlier versions are decoded`() {
        let time = "2026-01-01T00:00:00.000Z"
        for text in [
            #"{"leadFilmAccepted":{"video":"v","startedAt":"\#(time)"}}"#,
            #"{"leadClipsChecked":{"good":["a"],"bad":{},"startedAt":"\#(time)"}}"#,
            #"{"filmVerified":{"startedAt":"\#(time)"}}"#,
        ] {
            #expect(throws: Never.self, "\(text)") { try EventFormat.decode(.init(text.utf8)) }
        }
    }
}
