import Artifacts
import Contracts
import FoundationEssentials
import JSONRPC

/// The films that the scripted lead delivers: one good, the others spoilt. Made by the real services, so that nothing but the
/// fault itself is wrong with them.
struct DrillFilms: Sendable {
    /// The folder that the script names them in.
    let folder: String

    /// Has the understudy make a good film and a short one, and spoils copies of the good one.
    ///
    /// - Throws: what the services throw.
    func make(_ orchestrator: RPCConnection) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await film("whole.mp4", segments: DrillStage.segments, orchestrator)
        try await film("short.mp4", segments: DrillStage.segments - 1, orchestrator)
        let whole = try Data(contentsOf: URL(filePath: path("whole.mp4")))
        try whole.prefix(whole.count / 2).write(to: URL(filePath: path("cut.mp4")))
        try Data("These are words, whatever the name says.\n".utf8).write(to: URL(filePath: path("words.mp4")))
    }

    private func film(_ name: String, segments: Int, _ orchestrator: RPCConnection) async throws {
        // In motion: a lead whose picture stands still has not delivered a video.
        let options = DrillStage.options.merging(["motion": "ken_burns"]) { _, own in own }
        let made = try await orchestrator.call(
            OrchestratorAPI.agent6.name,
            params: [
                "user_id": "drill", "session_id": "films", "options": .object(options),
                "pipeline_data": ["storyboard": DrillStage.storyboard(segments: segments)],
            ])
        guard let video = made["video_url"]?.string else {
            throw ServiceError(.internal, "the understudy made no film for the rehearsal")
        }
        try await Artifacts().copy(try ArtifactURI(video), to: ArtifactURI(filePath: path(name)))
    }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }
}
