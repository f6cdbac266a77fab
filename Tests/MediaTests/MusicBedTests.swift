// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct MusicBedTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    /// Makes a WAV file of 48 kHz stereo from an expression of `t`.
    private func music(_ name: String, _ wave: String, seconds: Double) throws -> String {
        try bench.make(
            name, "-f", "lavfi", "-i", "aevalsrc='\(wave)|\(wave)':d=\(seconds):s=48000:c=stereo", "-c:a", "pcm_f32le")
    }

    private func mix(_ path: String, _ narration: StereoSamples, level: Double = 0, pieces: [StereoSamples]? = nil)
        throws -> StereoSamples
    {
        var bed = try MusicBed(path, length: narration.count, level: level)
        var mixed = StereoSamples()
        for piece in pieces ?? [narration] { mixed.append(try bed.mix(into: piece, at: mixed.count)) }
        #expect(bed.warnings == [])
        return mixed
    }

    @Test(arguments: [0.11, 0.5, 3, 10])
    func `music is as long as the film, whatever the length of its file`(_ seconds: Double) throws {
        let path = try music("m.wav", "0.5*sin(2*PI*440*t)", seconds: seconds)
        let mixed = try mix(path, StereoSamples(silence: 240_001))
        #expect(mixed.count == 240_001)
        for start in stride(from: 24_000, to: 144_000, by: 4800) {
            #expect(abs(mixed.left.decibels(start..<start + 9600) + 9.03) < 4, "sample \(start)")
        }
    }

    @Test
    func `the seam of a loop does not click`() throws {
        // The file ends at its lowest value and begins at its highest.
        let path = try music("m.wav", "0.5*cos(2*PI*440.5*t)", seconds: 1)
        let mixed = try mix(path, StereoSamples(silence: 240_000))
        let slope = Float(0.5 * 2 * .pi * 440.5 / 48_000)
        #expect(mixed.left.largestStep < slope * 1.5)
        let quiet = mixed.left[50_000..<90_000].map { $0 }
        #expect(quiet.largestStep < slope * 1.05)
    }

    @Test(arguments: ["wav", "mp3", "m4a", "ogg"])
    func `a loop restarts at its beginning`(_ type: String) throws {
        let path = try bench.burst("m.\(type)", after: 0.5, seconds: 1, rate: 44_100)
        let mixed = try mix(path, StereoSamples(silence: 192_000))
        let first = try #require(mixed.left.onset(from: 0))
        #expect(abs(first - 24_000) < 480)
        // Encoders may pad the end of the file.
        #expect(abs(try #require(mixed.left.onset(from: 50_000)) - first - 45_600) < 2400)
        #expect(mixed.left.isSilent(50_000..<66_000))
    }

    @Test
    func `music is 12 dB softer during speech, and recovers after it`() throws {
        let path = try music("m.wav", "0.1*sin(2*PI*440*t)", seconds: 8)
        let burst = StereoSamples(8 * 48_000) { index in
            let value: Float = 96_000..<192_000 ~= index ? Float(0.3 * sin(Double(index) / 3)) : 0
            return (value, value)
        }
        let mixed = try mix(path, burst)
        let heard = zip(mixed.left, burst.left).map { $0 - $1 }
        let before = heard.decibels(72_000..<96_000)
        #expect(abs(before + 23.01) < 0.1)
        #expect(abs(before - heard.decibels(120_000..<192_000) - 12) < 0.3)
        // The attack takes less than half a second; a short pause does not release it.
        #expect(before - heard.decibels(106_000..<108_000) > 10)
        #expect(before - heard.decibels(196_000..<200_000) > 11.5)
        #expect(abs(before - heard.decibels(268_000..<280_000)) < 0.5)
        #expect(heard.largestStep < 0.1 * Float(2 * .pi * 440.0 / 48_000) * 1.05)
    }

    @Test
    func `faint hiss does not duck the music`() throws {
        let path = try music("m.wav", "0.1", seconds: 3)
        var noise = Noise()
        let hiss = StereoSamples(144_000) { _ in (0.008 * noise.next(), 0.008 * noise.next()) }
        let mixed = try mix(path, hiss)
        #expect(abs(mixed.left[40_000] - hiss.left[40_000] - 0.1) < 1e-3)
    }

    @Test
    func `music fades in at the start of the film and out at its end`() throws {
        let path = try music("m.wav", "0.5", seconds: 6)
        let mixed = try mix(path, StereoSamples(silence: 240_000), level: -6.0206)
        for (sample, value) in [
            (0, 0), (12_000, 0.125), (24_000, 0.25), (100_000, 0.25), (143_000, 0.25), (192_000, 0.125),
            (239_999, 0),
        ] as [(Int, Float)] {
            #expect(abs(mixed.left[sample] - value) < 1e-3, "sample \(sample)")
        }
        let short = try mix(path, StereoSamples(silence: 4800))
        #expect(short.left[0] == 0 && abs(short.left[4799]) < 1e-3 && short.left[2400] > 0)
        #expect(try mix(path, StereoSamples()).count == 0)
    }

    @Test
    func `the default level is 14 dB below the file`() throws {
        let path = try music("m.wav", "0.5", seconds: 6)
        var bed = try MusicBed(path, length: 240_000)
        let mixed = try bed.mix(into: StereoSamples(silence: 48_000), at: 0)
        #expect(abs(mixed.left[40_000] - 0.5 * Float(pow(10, -14.0 / 20))) < 1e-3)
        for level in [-61, 12.5, .nan, .infinity] {
            #expect(fault { _ = try MusicBed(path, length: 1, level: level) }?.kind == .invalidArgument)
        }
    }

    @Test
    func `pieces of any size mix like one piece`() throws {
        let path = try music("m.wav", "0.5*sin(2*PI*440*t)", seconds: 0.7)
        var noise = Noise()
        let speech = StereoSamples(144_000) { $0 / 30_000 % 2 == 0 ? (noise.next(), 0) : (0, 0) }
        let whole = try mix(path, speech)
        #expect(try mix(path, speech, pieces: speech.pieces).isSame(as: whole))
    }

    @Test
    func `a file with no or too little sound is rejected by name`() throws {
        let short = try music("short.wav", "0.5", seconds: 0.09)
        let found = fault { _ = try MusicBed(short, length: 1) }
        #expect(found?.kind == .invalidArgument && found?.message.contains("short.wav") == true)
        for (name, bytes) in [("empty.mp3", ""), ("text.mp3", "hello, this is a text\n"), ("cut.wav", "RIFF")] {
            let path = try bench.write(name, bytes.utf8)
            let found = fault { _ = try MusicBed(path, length: 1) }
            #expect(found?.kind == .corruptMedia && found?.message.contains(name) == true, "\(name)")
        }
        #expect(fault { _ = try MusicBed(bench.path("gone.mp3"), length: 1) }?.kind == .notFound)
        let none = try bench.make("zero.wav", "-f", "lavfi", "-i", "anullsrc", "-t", "0")
        #expect(fault { _ = try MusicBed(none, length: 1) }?.kind == .corruptMedia)
    }

    @Test(arguments: ["gone", "short", "text"])
    func `music whose file breaks during the film continues as silence, with a warning`(_ how: String) throws {
        let path = try music("m.wav", "0.5", seconds: 2)
        var bed = try MusicBed(path, length: 480_000, level: 0)
        var mixed = try bed.mix(into: StereoSamples(silence: 48_000), at: 0)
        switch how {
        case "gone": try FileManager.default.removeItem(atPath: path)
        case "short":
            _ = try music("n.wav", "0.5", seconds: 0.05)
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: bench.path("n.wav"), toPath: path)
        default: try Data("no music".utf8).write(to: URL(filePath: path), options: .atomic)
        }
        let speech = StereoSamples(432_000) { $0 < 200_000 ? (0, 0) : (0.01, 0.02) }
        for piece in speech.pieces { mixed.append(try bed.mix(into: piece, at: mixed.count)) }
        #expect(bed.warnings.count == 1 && bed.warnings[0].contains("m.wav"))
        #expect(mixed.count == 480_000)
        #expect(abs(mixed.left[93_000] - 0.5) < 1e-3)
        #expect(mixed.left.largestStep < 0.02)
        #expect(mixed.left[96_000..<248_000].allSatisfy { $0 == 0 })
        #expect(mixed.right[248_000...].allSatisfy { $0 == 0.02 })
    }

    @Test
    func `truncated music is looped up to its end`() throws {
        _ = try bench.burst("whole.mp3", seconds: 4)
        let bytes = try bench.bytes("whole.mp3")
        let path = try bench.write("half.mp3", bytes.prefix(bytes.count / 2))
        let mixed = try mix(path, StereoSamples(silence: 480_000))
        #expect(mixed.left.decibels(300_000..<380_000) > -8)
    }
}
