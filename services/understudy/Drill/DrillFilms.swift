// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC

/// The films that the scripted lead delivers: a good one, and broken ones. The real services make them, so that they have no other
/// faults.
struct DrillFilms: Sendable {
    /// The folder of the films.
    let folder: String

    /// The sound of the film whose sound ends early: samples at 48 kHz, and seconds.
    private static let shortSoundSamples = 38_400
    private static let shortSoundDuration = 0.8

    /// Makes all films: a good and a short one with the understudy, damaged copies of the good one, and films of a single frame with the
    /// clipper.
    ///
    /// - Throws: what the services throw.
    func make(_ orchestrator: RPCConnection, _ clipper: RPCConnection) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await film("whole.mp4", segments: DrillStack.segments, orchestrator)
        try await film("short.mp4", segments: DrillStack.segments - 1, orchestrator)
        let whole = try Data(contentsOf: URL(filePath: path("whole.mp4")))
        try whole.prefix(whole.count / 2).write(to: URL(filePath: path("cut.mp4")))
        try Data("This is text, not a video.\n".utf8).write(to: URL(filePath: path("text.mp4")))
        try await still("black.mp4", [0, 0, 0], clipper)
        try await still("still.mp4", [0x40, 0xA0, 0xC0], clipper)
        try Self.tone(samples: Self.shortSoundSamples).write(to: URL(filePath: path("tone.wav")))
        _ = try await clipper.call(
            ClipperAPI.replaceAudio,
            ReplaceAudio(
                clip: uri("whole.mp4"), audio: uri("tone.wav"), output: uri("early.mp4"),
                duration: Self.shortSoundDuration))
    }

    /// A film of one colour.
    private func still(_ name: String, _ color: [UInt8], _ clipper: RPCConnection) async throws {
        try Self.picture(color).write(to: URL(filePath: path("\(name).gif")))
        var request = CreateClip(
            image: uri("\(name).gif"), duration: Double(DrillStack.segments), output: uri(name))
        (request.width, request.height) = (DrillStack.width, DrillStack.height)
        _ = try await clipper.call(ClipperAPI.create, request)
    }

    /// A GIF image of one pixel.
    private static func picture(_ color: [UInt8]) -> Data {
        let head = Data("GIF89a".utf8) + Data([1, 0, 1, 0, 0x80, 0, 0]) + Data(color) + Data([0xFF, 0xFF, 0xFF])
        return head + Data([0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 0x01, 0, 0x3B])
    }

    /// A WAV file with a square wave of 500 Hz: 48 kHz, mono, 16 bits.
    private static func tone(samples count: Int) -> Data {
        let samples = (0..<count).map { Int16($0 / 48 % 2 == 0 ? 6000 : -6000) }
        func littleEndian(_ value: Int, _ bytes: Int) -> Data {
            Data((0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
        }
        let size = samples.count * 2
        let format =
            littleEndian(16, 4) + littleEndian(1, 2) + littleEndian(1, 2) + littleEndian(48_000, 4)
            + littleEndian(96_000, 4)
        let head = Data("RIFF".utf8) + littleEndian(36 + size, 4) + Data("WAVEfmt ".utf8) + format
        let body = samples.reduce(into: Data(capacity: size)) { $0 += littleEndian(Int($1), 2) }
        return head + littleEndian(2, 2) + littleEndian(16, 2) + Data("data".utf8) + littleEndian(size, 4) + body
    }

    /// Makes a film with the understudy.
    private func film(_ name: String, segments: Int, _ orchestrator: RPCConnection) async throws {
        // With motion: a film without motion counts as broken.
        let options = DrillStack.options.merging(["motion": "ken_burns"]) { _, own in own }
        let made = try await orchestrator.call(
            OrchestratorAPI.agent6.unchecked,
            [
                "user_id": "drill", "session_id": "films", "options": .object(options),
                "pipeline_data": ["storyboard": DrillStack.storyboard(segments: segments)],
            ])
        try await Artifacts().copy(try ArtifactURI(made.videoURL), to: ArtifactURI(filePath: path(name)))
    }

    private func uri(_ name: String) -> String { ArtifactURI(filePath: path(name)).description }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }
}
