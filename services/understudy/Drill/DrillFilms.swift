import Artifacts
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC

/// The films that the scripted lead delivers: one good, the others spoilt. Made by the real services, so that nothing but the
/// fault itself is wrong with them.
struct DrillFilms: Sendable {
    /// The folder that the script names them in.
    let folder: String

    /// Samples of sound, at 48 kHz, of the film whose sound ends early, and their seconds.
    private static let earlySamples = 38_400
    private static let earlySound = 0.8

    /// Has the understudy make a good film and a short one, and spoils copies of the good one; has the clipper make a black film and
    /// one of a single picture.
    ///
    /// - Throws: what the services throw.
    func make(_ orchestrator: RPCConnection, _ clipper: RPCConnection) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await film("whole.mp4", segments: DrillStage.segments, orchestrator)
        try await film("short.mp4", segments: DrillStage.segments - 1, orchestrator)
        let whole = try Data(contentsOf: URL(filePath: path("whole.mp4")))
        try whole.prefix(whole.count / 2).write(to: URL(filePath: path("cut.mp4")))
        try Data("These are words, whatever the name says.\n".utf8).write(to: URL(filePath: path("words.mp4")))
        try await still("black.mp4", [0, 0, 0], clipper)
        try await still("still.mp4", [0x40, 0xA0, 0xC0], clipper)
        try Self.tone(samples: Self.earlySamples).write(to: URL(filePath: path("tone.wav")))
        _ = try await clipper.call(
            ClipperAPI.replaceAudio,
            ReplaceAudio(
                clip: uri("whole.mp4"), audio: uri("tone.wav"), output: uri("early.mp4"), duration: Self.earlySound))
    }

    /// A film of one colour.
    private func still(_ name: String, _ color: [UInt8], _ clipper: RPCConnection) async throws {
        try Self.picture(color).write(to: URL(filePath: path("\(name).gif")))
        var request = CreateClip(
            image: uri("\(name).gif"), duration: Double(DrillStage.segments), output: uri(name))
        (request.width, request.height) = (DrillStage.width, DrillStage.height)
        _ = try await clipper.call(ClipperAPI.create, request)
    }

    /// A GIF of one pixel.
    private static func picture(_ color: [UInt8]) -> Data {
        let head = Data("GIF89a".utf8) + Data([1, 0, 1, 0, 0x80, 0, 0]) + Data(color) + Data([0xFF, 0xFF, 0xFF])
        return head + Data([0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 0x01, 0, 0x3B])
    }

    /// A WAV of 48 kHz, mono, 16 bits: a square wave of 500 Hz.
    private static func tone(samples count: Int) -> Data {
        let samples = (0..<count).map { Int16($0 / 48 % 2 == 0 ? 6000 : -6000) }
        func little(_ value: Int, _ bytes: Int) -> Data {
            Data((0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
        }
        let size = samples.count * 2
        let format = little(16, 4) + little(1, 2) + little(1, 2) + little(48_000, 4) + little(96_000, 4)
        let head = Data("RIFF".utf8) + little(36 + size, 4) + Data("WAVEfmt ".utf8) + format
        let body = samples.reduce(into: Data(capacity: size)) { $0 += little(Int($1), 2) }
        return head + little(2, 2) + little(16, 2) + Data("data".utf8) + little(size, 4) + body
    }

    private func film(_ name: String, segments: Int, _ orchestrator: RPCConnection) async throws {
        // In motion: a lead whose picture stands still has not delivered a video.
        let options = DrillStage.options.merging(["motion": "ken_burns"]) { _, own in own }
        let made = try await orchestrator.call(
            OrchestratorAPI.agent6.unchecked,
            [
                "user_id": "drill", "session_id": "films", "options": .object(options),
                "pipeline_data": ["storyboard": DrillStage.storyboard(segments: segments)],
            ])
        try await Artifacts().copy(try ArtifactURI(made.videoURL), to: ArtifactURI(filePath: path(name)))
    }

    private func uri(_ name: String) -> String { ArtifactURI(filePath: path(name)).description }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }
}
