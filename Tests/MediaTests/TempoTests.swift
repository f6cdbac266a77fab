// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Media

/// Narrations that are sped up.
@Suite(.timeLimit(.minutes(3))) struct TempoTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    /// The frequency in hertz, from zero crossings.
    private func pitch(_ samples: ArraySlice<Float>) -> Double {
        let crossings = zip(samples, samples.dropFirst()).count { $0 < 0 && $1 >= 0 }
        return Double(crossings) / (Double(samples.count) / 48_000)
    }

    @Test(arguments: [1.05, 1.15, 1.5])
    func `the tempo changes and the pitch stays`(_ tempo: Double) throws {
        let change = try TempoChange(tempo)
        var heard = StereoSamples()
        for piece in StereoSamples(sine: 220, decibels: -6, seconds: 4).pieces {
            heard.append(try change.process(piece))
        }
        heard.append(try change.finish())
        #expect(abs(Double(heard.count) / 48_000 - 4 / tempo) < 0.02, "\(heard.count)")
        #expect(abs(pitch(heard.left[9600..<heard.count - 9600]) - 220) < 4)
        #expect(abs(heard.left.decibels(9600..<heard.count - 9600) + 9.03) < 1)
        #expect(heard.left.allSatisfy { abs($0) < 0.6 })
    }

    @Test
    func `a sped-up narration fits its clip, its report and its captions`() throws {
        let clip = try bench.clip("c.mp4", frames: 90, of: try bench.picture("a.png"))
        // Speech starts at 1.1 s.
        let audio = try bench.make(
            "n.wav", "-f", "lavfi", "-i",
            "aevalsrc='if(gte(t,1.1),0.5*sin(2*PI*180*t)*(0.6+0.4*sin(9*t))*(0.6+0.4*sin(31*t)),0)':d=3.3:s=48000")
        let report = try AudioReplacement.run(
            clip: clip, audio: audio, output: bench.path("out.mp4"), tempo: 1.1)
        #expect(abs(report.audioDuration - 3) < 0.02 && report.trimmed < 0.02)
        let onset = try #require(try bench.sound("out.mp4").onset(from: 0))
        #expect(abs(Double(onset) / 48_000 - 1) < 0.03)
        let found = try DeliveryCheck.run(
            bench.path("out.mp4"),
            narrations: [ExpectedNarration(segmentID: "a", duration: 3, audio: audio, audioStart: 0, tempo: 1.1)])
        let sync = try #require(found.findings.first { $0.name == "sync_a" })
        #expect(sync.isPassed, "\(sync)")
        let span = try #require(try SpeechDetector.span(audio, tempo: 1.1, duration: 3))
        #expect(abs(span.lowerBound - 1) < 0.04)
    }

    @Test
    func `the skipped beginning is measured at the tempo of the file`() throws {
        let audio = try bench.burst("b.wav", after: 2.1, seconds: 4)
        var reader = try AudioReader.open(audio)
        try reader.start(at: 48_000, tempo: 1.1)
        let samples = try reader.read(48_000 * 4)
        #expect(abs(Double(try #require(samples.left.onset(from: 0))) / 48_000 - 1) < 0.03)
        #expect(abs(Double(samples.count) / 48_000 - 3 / 1.1) < 0.02)
    }
}
