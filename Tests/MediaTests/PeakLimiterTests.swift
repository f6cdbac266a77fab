// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct PeakLimiterTests {
    private func limit(_ pieces: [StereoSamples], ceiling: Double = -1.5) -> StereoSamples {
        var limiter = PeakLimiter(ceiling: ceiling)
        var limited = StereoSamples()
        for piece in pieces { limited.append(limiter.process(piece)) }
        limited.append(limiter.finish())
        return limited
    }

    private func truePeak(_ sound: StereoSamples) throws -> Double {
        // The meter's interpolation is delayed: flush it with silence.
        try #require(try Measured(sound, StereoSamples(silence: 480)).truePeak)
    }

    static let hot: [String: StereoSamples] = {
        var noise = Noise()
        return [
            "white noise": StereoSamples(48_000) { _ in (2 * noise.next(), 1.5 * noise.next()) },
            "square wave": StereoSamples(48_000) { $0 / 37 % 2 == 0 ? (1, 0.9) : (-1, -0.9) },
            "peaks between the samples": StereoSamples(sine: 12_000, decibels: 2, seconds: 1, phase: .pi / 4),
            "peaks between the samples only": StereoSamples(sine: 12_000, decibels: 0, seconds: 1, phase: .pi / 4),
            "a high tone": StereoSamples(sine: 19_997, decibels: 6, seconds: 1),
            "a low tone": StereoSamples(sine: 60, decibels: 12, seconds: 1),
            "one loud sample": StereoSamples(4800) { $0 == 2000 ? (0.1, 4) : (0, 0) },
            "bursts": StereoSamples(48_000) { $0 / 2400 % 3 == 1 ? (3 * noise.next(), 0.1) : (0.3 * noise.next(), 0) },
            "a loud first sample": StereoSamples(300) { $0 == 0 ? (-3, 1) : (0.1, 0.1) },
            "a loud last sample": StereoSamples(300) { $0 == 299 ? (-3, 1) : (0.1, 0.1) },
        ]
    }()

    @Test(arguments: hot.keys.sorted(), [-1.5, -6])
    func `true peaks stay below the ceiling`(_ name: String, _ ceiling: Double) throws {
        let sound = try #require(Self.hot[name])
        let limited = limit([sound], ceiling: ceiling)
        #expect(limited.count == sound.count)
        #expect(try truePeak(sound) > ceiling + 1)
        let peak = try truePeak(limited)
        #expect(peak <= ceiling + 0.1, "\(name): \(peak) dBTP")
        #expect(peak >= ceiling - 1, "\(name): \(peak) dBTP")
    }

    @Test(arguments: [0, 1, 100, 311, 312, 313, 48_000])
    func `samples below the ceiling are unchanged`(_ count: Int) {
        var noise = Noise()
        let sound = StereoSamples(count) { _ in (0.3 * noise.next(), 0.2 * noise.next()) }
        let limited = limit([sound])
        #expect(limited.isSame(as: sound))
    }

    @Test
    func `pieces of any size give the same result as one piece`() throws {
        for name in ["bursts", "white noise"] {
            let sound = try #require(Self.hot[name])
            #expect(limit(sound.pieces).isSame(as: limit([sound])))
        }
    }

    @Test
    func `both channels get the same gain, and a peak affects only its surroundings`() {
        let sound = StereoSamples(96_000) { $0 == 20_000 ? (0.5, 4) : (0.25, -0.125) }
        let limited = limit([sound])
        for index in 0..<sound.count { #expect(limited.left[index] == -2 * limited.right[index] || index == 20_000) }
        #expect(limited.left[..<19_700].allSatisfy { $0 == 0.25 })
        #expect(limited.left[19_990] < 0.1)
        // After one release time constant, 63 % of the gain has recovered.
        #expect(abs(limited.left[24_920] / 0.25 - (1 - 0.79 * 0.37)) < 0.05)
        #expect(limited.left[90_000...].allSatisfy { $0 == 0.25 })
        #expect(zip(limited.left[19_700..<20_000], limited.left[19_701..<20_000]).allSatisfy { $0 >= $1 })
    }

    @Test
    func `samples that are not finite become silence`() {
        let sound = StereoSamples(9600) { $0 % 100 == 7 ? (.nan, .infinity) : (0.5, -0.5) }
        let limited = limit([sound])
        #expect(limited.count == 9600)
        #expect(limited.left.allSatisfy { abs($0) < 0.9 } && limited.right.allSatisfy { abs($0) < 0.9 })
        #expect(limited.left[50] == 0.5)
    }

    @Test
    func `a finished limiter can be reused`() throws {
        let sound = try #require(Self.hot["bursts"])
        var limiter = PeakLimiter()
        _ = limiter.process(sound)
        _ = limiter.finish()
        var second = limiter.process(sound)
        second.append(limiter.finish())
        #expect(second.isSame(as: limit([sound])))
        #expect(limiter.finish().count == 0)
    }

    @Test
    func `a limited loud voice stays below -1 dBTP after AAC encoding`() throws {
        let bench = try Workbench()
        let voice = StereoSamples(96_000) { index in
            let time = Double(index) / 48_000
            let tones = [1.0, 0.7, 0.5, 0.3, 0.2, 0.1].enumerated().map { number, amplitude in
                amplitude * sin(2 * .pi * 130 * Double((number + 1) * (number + 1)) * time)
            }
            let value = Float(tones.reduce(0, +) * (0.6 + 0.4 * sin(2 * .pi * 3 * time)))
            return (value, value)
        }
        var bytes: [UInt8] = []
        for sample in limit([voice]).left {
            // Both channels are the same.
            for bits in [sample.bitPattern, sample.bitPattern] {
                withUnsafeBytes(of: bits.littleEndian) { bytes += $0 }
            }
        }
        try bench.write("limited.f32", bytes)
        try bench.make(
            "limited.m4a", "-f", "f32le", "-ar", "48000", "-ac", "2", "-i", "limited.f32", "-c:a", "aac",
            "-b:a", "192k")
        var reader = try AudioReader.open(bench.path("limited.m4a"))
        let peak = try truePeak(try reader.read(100_000))
        #expect(peak <= -1 && peak > -2, "\(peak) dBTP")
    }
}
