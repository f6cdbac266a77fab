import Foundation
import Testing

@testable import Media

/// Sound is as loud as in its file.
@Suite(.timeLimit(.minutes(5))) struct SoundLevelTests {
    private let bench: Workbench
    private let clip: String

    init() throws {
        bench = try Workbench()
        clip = try bench.clip("still.mp4", frames: 90, of: try bench.flat("s.png", "red"))
    }

    /// Narrates a clip with a wave, as float. -> both channels, without their ends.
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

    /// The level of a sine. dBFS.
    private func level(_ samples: [Float]) -> Double { samples.decibels(samples.indices) + 3.01 }

    @Test("a mono voice keeps its level in both channels")
    func mono() throws {
        let (left, right) = try narrated(["0.25*sin(2*PI*440*t)"], layout: "mono")
        #expect(abs(level(left) + 12.04) < 0.1 && abs(level(right) + 12.04) < 0.1, "\(level(left)) \(level(right))")
    }

    @Test("stereo keeps its levels and its sides")
    func stereo() throws {
        let (left, right) = try narrated(["0.25*sin(2*PI*440*t)", "0.125*sin(2*PI*440*t)"], layout: "stereo")
        #expect(abs(level(left) + 12.04) < 0.1 && abs(level(right) + 18.06) < 0.1, "\(level(left)) \(level(right))")
    }

    @Test(
        "a downmix of channels near full scale does not clip",
        arguments: [("5.1", 6), ("7.1", 8), ("quad", 4), ("3.0", 3), ("2.1", 3), ("5.0", 5), ("hexagonal", 6)])
    func downmix(_ layout: String, _ channels: Int) throws {
        let (left, right) = try narrated(
            Array(repeating: "0.9*sin(2*PI*300*t)", count: channels), layout: layout)
        for side in [left, right] {
            #expect(abs(level(side) + 0.92) < 0.3, "\(level(side))")
            #expect(side.allSatisfy { abs($0) < 0.95 })
        }
    }

    @Test("no layout of channels makes the matrix reach more than 1 or lose all sound")
    func matrix() {
        for count in 1...16 {
            let matrix = StereoMatrix.usual(channels: count).coefficients
            let rows = [matrix.prefix(count), matrix.suffix(count)].map { $0.reduce(0) { $0 + abs($1) } }
            #expect(abs((rows.max() ?? 0) - 1) < 1e-9 && rows.allSatisfy { $0 > 0.3 }, "\(count): \(matrix)")
        }
    }

    @Test(
        "loud tones keep their level",
        arguments: [
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
    func tones(_ first: String, _ second: String, _ expected: Double) throws {
        let (left, right) = try narrated([first, second], layout: "stereo")
        #expect(
            abs(level(left) - expected) < 0.15 && abs(level(right) - expected) < 0.15, "\(level(left)) \(level(right))")
    }

    @Test("a loud tone beside a silent channel leaves that one silent")
    func oneSide() throws {
        let (left, right) = try narrated(["0.885*sin(2*PI*300*t)", "0"], layout: "stereo")
        #expect(abs(level(left) + 1.06) < 0.15, "\(level(left))")
        #expect(right.decibels(right.indices) < -70)
    }

    @Test("only loud sound is prepared, and silence stays silence")
    func preparation() {
        var loud = LoudSound()
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
