// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import ServiceKit

/// The configuration of the backends, from the environment.
struct MediaConvertSettings: Sendable {
    /// `UNDERSTUDY_STITCH_BACKEND`: the backend of requests that name none; `local` by default.
    let backend: StitchBackend
    /// `UNDERSTUDY_MEDIACONVERT_ROLE`: the name or ARN of the role that MediaConvert assumes.
    let role: String
    /// `UNDERSTUDY_MEDIACONVERT_SETUP`: whether a role given by name is created, and granted access to the buckets, on first use.
    let createsRole: Bool
    /// `UNDERSTUDY_MEDIACONVERT_QUEUE`: the name or ARN of a queue; the account's default queue if absent.
    let queue: String?
    /// `UNDERSTUDY_MEDIACONVERT_QUEUE_S`: how long `auto` lets a job wait in its queue, in seconds; 300 by default.
    let queueSeconds: Double
    /// `UNDERSTUDY_MEDIACONVERT_BUCKET`: the bucket or prefix through which local files go to MediaConvert and back.
    let staging: ArtifactURI?

    /// Reads the settings.
    ///
    /// - Throws: `invalid_params`, naming the variable.
    init(_ settings: ServiceSettings) throws(ServiceError) {
        backend = try Self.choice(settings, "UNDERSTUDY_STITCH_BACKEND", StitchBackend.allCases) ?? .local
        role = settings.string("UNDERSTUDY_MEDIACONVERT_ROLE") ?? SetupRole.defaultName
        createsRole = try Self.choice(settings, "UNDERSTUDY_MEDIACONVERT_SETUP", Setup.allCases) != .off
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
            throw ServiceError(.invalidParams, "\(name): expected one of \(known), found \"\(text)\"")
        }
        return choice
    }
}
