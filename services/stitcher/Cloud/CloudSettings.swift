import Artifacts
import Contracts
import Faults
import ServiceKit

/// How the backend `mediaconvert` is set up, from the environment.
struct CloudSettings: Sendable {
    /// `UNDERSTUDY_STITCH_BACKEND`: who joins films of which the request does not say it.
    let backend: StitchBackend
    /// `UNDERSTUDY_MEDIACONVERT_ROLE`: the role's name or ARN.
    let role: String
    /// `UNDERSTUDY_MEDIACONVERT_SETUP`: whether a role that is named is made, and allowed to use the bucket, on first use.
    let makesRole: Bool
    /// `UNDERSTUDY_MEDIACONVERT_QUEUE`: the name or ARN of a queue; the account's default one if absent.
    let queue: String?
    /// `UNDERSTUDY_MEDIACONVERT_QUEUE_S`: seconds that `auto` lets a job wait in the queue.
    let queueSeconds: Double
    /// `UNDERSTUDY_MEDIACONVERT_BUCKET`: where files of this machine are put for MediaConvert.
    let staging: ArtifactURI?

    /// - Throws: `invalid_params` that names the variable.
    init(_ settings: ServiceSettings) throws(ServiceError) {
        backend = try Self.choice(settings, "UNDERSTUDY_STITCH_BACKEND", StitchBackend.allCases) ?? .local
        role = settings.string("UNDERSTUDY_MEDIACONVERT_ROLE") ?? SetupRole.usualName
        makesRole = try Self.choice(settings, "UNDERSTUDY_MEDIACONVERT_SETUP", Setup.allCases) != .off
        queue = settings.string("UNDERSTUDY_MEDIACONVERT_QUEUE")
        queueSeconds = try settings.double("UNDERSTUDY_MEDIACONVERT_QUEUE_S", default: 300, in: 0...86_400)
        let name = "UNDERSTUDY_MEDIACONVERT_BUCKET"
        staging = if let text = settings.string(name) { try ArtifactURI(text, at: name) } else { nil }
        guard staging?.scheme != .file else {
            throw ServiceError(.invalidParams, "\(name): expected s3://bucket or s3://bucket/prefix")
        }
    }

    private enum Setup: String, CaseIterable {
        case auto, off
    }

    private static func choice<Choice: RawRepresentable>(
        _ settings: ServiceSettings, _ name: String, _ all: [Choice]
    ) throws(ServiceError) -> Choice? where Choice.RawValue == String {
        guard let text = settings.string(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let known = all.map(\.rawValue).joined(separator: ", ")
            throw ServiceError(.invalidParams, "\(name): \"\(text)\" is none of \(known)")
        }
        return choice
    }
}
