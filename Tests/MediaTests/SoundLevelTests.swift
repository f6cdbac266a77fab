// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Media

/// Sound keeps the level of its file.
@Suite(.timeLimit(.minutes(5))) struct SoundLevelTests {
    private let bench: Workbench
    private let clip: String

    init() throws {
        bench = try Workbench()
        clip = try bench.clip("still.mp4", frames: 90, of: try bench.flat("s.png", "red"))
    }

    /// Replaces a clip's sound with waves given as expressions.
    ///
    /// - Returns: both channels, without the first and last half second.
    private func narrated(_ waves: [String], layout: String) throws -> (left: [Float], right: [Float]) {
        let source = try bench.make(
            "s.wav", "-f", "lavfi", "-i", "aevalsrc='\(waves.joined(separator: "|"))':d=3:s=48000:c=\(layout)", "-c:a",
            "pcm_f32le")
        _ = try AudioReplacement.run(clip: clip, audio: source, output: bench.path("n.mp4"))
        let data = try bench.runBytes(
            "ffmpeg", ["-v", "error", "-i", "n.mp4", "-map", "0:a", "-ar", "48000", "-f", "f32le", "-"])
        let samples = data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let middle = 24_000..<120_000
        return (middle.map { samples[2 * $0] }, middle.map { samples[2 * $0 + 1] })
    }

    /// The peak level of a sine, in dBFS.
    private func level(_ samples: [Float]) -> Double { samples.decibels(samples.indices) + 3.01 }

    @Test
    func `a mono voice keeps its level in both channels`() throws {
        let (left, right) = try narrated(["0.25*sin(2*PI*440*t)"], layout: "mono")
        #expect(abs(level(left) + 12.04) < 0.1 && abs(level(right) + 12.04) < 0.1, "\(level(left)) \(level(right))")
    }

    @Test
    func `stereo keeps its levels and channels`() throws {
        let (left, right) = try narrated(["0.25*sin(2*PI*440*t)", "0.125*sin(2*PI*440*t)"], layout: "stereo")
        #expect(abs(level(left) + 12.04) < 0.1 && abs(level(right) + 18.06) < 0.1, "\(level(left)) \(level(right))")
    }

    @Test(arguments: [("5.1", 6), ("7.1", 8), ("quad", 4), ("3.0", 3), ("2.1", 3), ("5.0", 5), ("hexagonal", 6)])
    func `a downmix of channels near full scale does not clip`(_ layout: String, _ channels: Int) throws {
        let (left, right) = try narrated(
            Array(repeating: "0.9*sin(2*PI*300*t)", count: channels), layout: layout)
        // 2.1 adds nothing to its front channels.
        let wanted = layout == "2.1" ? -0.92 : -2.5
        for side in [left, right] {
            #expect(abs(level(side) - wanted) < 0.3, "\(level(side))")
            #expect(side.allSatisfy { abs($0) < 0.95 })
        }
    }

    @Test
    func `a downmix of noise does not clip after encoding`() throws {
        let (left, right) = try narrated(
            (0..<6).map { "0.9*(2*random(\($0))-1)" }, layout: "5.1")
        #expect(left.allSatisfy { abs($0) < 1 } && right.allSatisfy { abs($0) < 1 })
    }

    @Test
    func `centre and surround channels are mixed at -3 dB, front channels at 0 dB`() throws {
        let tone = "0.25*sin(2*PI*440*t)"
        for (waves, left, right) in [
            (["0", "0", tone, "0", "0", "0"], -15.05, -15.05), ([tone, "0", "0", "0", "0", "0"], -12.04, -99),
            (["0", "0", "0", "0", "0", tone], -99, -15.05),
        ] {
            let heard = try narrated(waves, layout: "5.1")
            for (side, wanted) in [(heard.left, left), (heard.right, right)] {
                let level = level(side)
                #expect(wanted == -99 ? level < -80 : abs(level - wanted) < 0.1, "\(waves): \(level)")
            }
        }
    }

    @Test(arguments: [50, 300])
    func `a limited downmix does not pump, and recovers without a jump`(_ frequency: Int) throws {
        let loud = Array(repeating: "0.9*sin(2*PI*\(frequency)*t)", count: 6)
        let steady = try narrated(loud, layout: "5.1").left
        let levels = stride(from: 0, to: steady.count - 4800, by: 4800).map {
            level(Array(steady[$0..<$0 + 4800]))
        }
        #expect((levels.max() ?? 0) - (levels.min() ?? 0) < 0.1, "\(levels)")
        // A voice in the centre, and an effect of half a second that the limiter reduces by 7 dB.
        let effect = "0.9*between(t,1,1.5)*sin(2*PI*311*t)"
        let voice = "0.2*sin(2*PI*\(frequency)*t)"
        let mixed = try narrated([effect, effect, voice, "0", effect, effect], layout: "5.1").left
        #expect(mixed.allSatisfy { abs($0) < 0.95 })
        let after = stride(from: 54_000, to: 90_000, by: 4800).map { level(Array(mixed[$0..<$0 + 4800])) }
        let steps = zip(after, after.dropFirst()).map { $1 - $0 }
        #expect(steps.allSatisfy { (-0.1...0.4).contains($0) }, "\(after)")
    }

    @Test
    func `the downmix matrix of every layout is valid, and only those that may clip are limited`() {
        for count in 1...16 {
            let matrix = StereoMatrix.standard(channels: count)
            let rows = [matrix.coefficients.prefix(count), matrix.coefficients.suffix(count)]
                .map { $0.reduce(0) { $0 + abs($1) } }
            #expect(rows.allSatisfy { $0 > 0.3 } && matrix.coefficients.allSatisfy { (0...1).contains($0) }, "\(count)")
            #expect(matrix.mayClip == (count > 2 && (rows.max() ?? 0) > 1.000001), "\(count): \(rows)")
        }
        #expect(StereoMatrix.standard(channels: 1).coefficients == [1, 1])
        #expect(StereoMatrix.standard(channels: 2).coefficients == [1, 0, 0, 1])
    }

    @Test(arguments: [
        "0.885*gt(mod(t,0.6),0.3)*sin(2*PI*440*t)", "0.885*exp(-3*mod(t,1))*sin(2*PI*440*t)",
        "(0.45+0.4*sin(2*PI*2*t))*sin(2*PI*300*t)",
    ])
    func `loud tones keep their level from their onset`(_ wave: String) throws {
        let (left, right) = try narrated([wave, wave], layout: "stereo")
        let data = try bench.runBytes("ffmpeg", ["-v", "error", "-i", "s.wav", "-f", "f32le", "-"])
        let source = data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let wanted = (24_000..<120_000).map { source[2 * $0] }
        for start in stride(from: 0, to: wanted.count - 2400, by: 2400) {
            let range = start..<start + 2400
            guard wanted.decibels(range) > -30 else { continue }
            for side in [left, right] {
                let change = side.decibels(range) - wanted.decibels(range)
                #expect(abs(change) < 0.15, "\(wave) at \(start): \(change) dB")
            }
        }
    }

    @Test
    func `loud frames do not get the bits that quiet frames saved`() {
        var rate = AudioBitAllocator(bitRate: 192_000, frameRate: 46.875)
        for _ in 0..<100 { rate.didEncode(bytes: 8) }
        let largest = rate.next(isLoud: false)
        #expect(largest > 400_000 && largest < 570_000)
        #expect(rate.next(isLoud: true) == 192_000 && rate.next(isLoud: false) == 192_000)
        #expect(rate.next(isLoud: false) == largest)
        for _ in 0..<100 { rate.didEncode(bytes: 1500) }
        #expect(rate.next(isLoud: false) == 48_000)
    }

    @Test(arguments: [
        ("0.885*sin(2*PI*300*t)", "0.885*sin(2*PI*300*t)", -1.06),
        ("0.885*sin(2*PI*300*t)", "0.885*sin(2*PI*300*t+1)", -1.06),
        ("0.885*sin(2*PI*300*t)", "-0.885*sin(2*PI*300*t)", -1.06),
        ("0.95*sin(2*PI*1000*t)", "0.95*sin(2*PI*1000*t)", -0.45),
        ("0.7*sin(2*PI*5000*t)", "0.7*sin(2*PI*5000*t)", -3.10),
        ("0.95*sin(2*PI*60*t)", "0.95*sin(2*PI*60*t)", -0.45),
        ("0.5*sin(2*PI*1000*t)", "0.5*sin(2*PI*1000*t)", -6.02),
        ("0.42*sin(2*PI*1000*t)", "0.42*sin(2*PI*1000*t)", -7.54),
        ("0.05*sin(2*PI*1000*t)", "0.05*sin(2*PI*1000*t)", -26.02),
        ("0.5*sin(2*PI*262*t)+0.4*sin(2*PI*330*t)", "0.5*sin(2*PI*262*t)+0.4*sin(2*PI*330*t)", -3.87),
    ])
    func `loud tones keep their level`(_ first: String, _ second: String, _ expected: Double) throws {
        let (left, right) = try narrated([first, second], layout: "stereo")
        #expect(
            abs(level(left) - expected) < 0.15 && abs(level(right) - expected) < 0.15, "\(level(left)) \(level(right))")
    }

    @Test
    func `a loud tone leaves the other, silent channel silent`() throws {
        let (left, right) = try narrated(["0.885*sin(2*PI*300*t)", "0"], layout: "stereo")
        #expect(abs(level(left) + 1.06) < 0.15, "\(level(left))")
        #expect(right.decibels(right.indices) < -70)
    }

    @Test
    func `only loud sound is modified, and silence stays silent`() {
        var loud = LoudFrameDither()
        func prepared(_ samples: StereoSamples) -> (isLoud: Bool, samples: StereoSamples) {
            var samples = samples
            let isLoud = loud.prepare(&samples)
            return (isLoud, samples)
        }
        let quiet = StereoSamples(sine: 440, decibels: -20, seconds: 0.02)
        let untouched = prepared(quiet)
        #expect(!untouched.isLoud && untouched.samples.isSame(as: quiet))
        let high = StereoSamples(sine: 440, decibels: -3, seconds: 0.02)
        let changed = prepared(high)
        #expect(changed.isLoud && !changed.samples.isSame(as: high))
        #expect(zip(high.left, changed.samples.left).allSatisfy { abs($0 - $1) <= 0.0004 })
        for _ in 0..<3 { #expect(prepared(StereoSamples(silence: 1024)).isLoud) }
        let last = prepared(StereoSamples(silence: 1024))
        #expect(!last.isLoud && last.samples.isSilent)
    }
}
