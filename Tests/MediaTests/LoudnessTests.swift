// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct LoudnessTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    @Test
    func `a tone of -23 dBFS measures -23 LUFS, in agreement with ffmpeg`() throws {
        let measured = try Measured(StereoSamples(sine: 997, decibels: -23, seconds: 5))
        let loudness = try #require(measured.integrated)
        let peak = try #require(measured.truePeak)
        #expect(abs(loudness + 23) < 0.1 && abs(peak + 23) < 0.1 && measured.range < 0.1)
        let wave = "\(pow(10, -23.0 / 20))*sin(2*PI*997*t)"
        let output = try bench.run(
            "ffmpeg", "-hide_banner", "-f", "lavfi", "-i", "aevalsrc='\(wave)|\(wave)':d=5:s=48000:c=stereo", "-af",
            "ebur128", "-f", "null", "-")
        let summary = try #require(output.components(separatedBy: "Integrated loudness:").last)
        let reference = try #require(Double(summary.split(whereSeparator: \.isWhitespace)[1]))
        #expect(abs(reference - loudness) <= 0.1)
    }

    @Test
    func `silence has no loudness and no peak`() throws {
        for measured in [
            try Measured(), try Measured(StereoSamples()), try Measured(StereoSamples(silence: 240_000)),
        ] {
            #expect(measured.integrated == nil && measured.truePeak == nil && measured.range == 0)
        }
    }

    @Test
    func `a peak between samples is measured`() throws {
        let sound = StereoSamples(sine: 12_000, decibels: -6, seconds: 1, phase: .pi / 4)
        #expect(sound.left.allSatisfy { abs($0) < 0.36 })
        let peak = try #require(try Measured(sound).truePeak)
        #expect(abs(peak + 6) < 0.3)
    }

    @Test
    func `the loudness range of two levels is their difference`() throws {
        let measured = try Measured(
            StereoSamples(sine: 1000, decibels: -20, seconds: 10), StereoSamples(sine: 1000, decibels: -30, seconds: 10)
        )
        #expect(abs(measured.range - 10) < 1)
    }

    @Test
    func `pieces of any size measure the same, and samples that are not finite are ignored`() throws {
        let sound = StereoSamples(sine: 440, decibels: -12, seconds: 1)
        let whole = try Measured(sound)
        #expect(try Measured(sound.pieces) == whole)
        let damage = StereoSamples(4) { $0 < 2 ? (.nan, .infinity) : (1e30, -.infinity) }
        let damaged = try #require(try Measured(sound, damage, sound).integrated)
        let loudness = try #require(whole.integrated)
        #expect(abs(damaged - loudness) < 0.1)
    }
}
