// SPDX-License-Identifier: Apache-2.0

import AWS
import Artifacts
import Blocking
import Calls
import Contracts
import Drawing
import Foundation
import JSONRPC
import Logging
import Media
import MediaService
import ServiceKit
import TestSupport

@testable import Stitcher

/// A temporary folder, and the stitcher's backends running in this process, without credentials and without a network. The folder is
/// removed at the end of a test.
final class StitcherFixture: Sendable {
    let folder: String
    let local: LocalStitcher
    let account = AWSAccount(environment: ["AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1"])
    let logger = Logger(label: "stitcher.tests") { _ in SwiftLogNoOpLogHandler() }
    let call = Call(
        id: .number("1"), method: "stitcher.test", peer: Peer(pid: 0, uid: 0, gid: 0), deadline: nil,
        wantsProgress: true, params: nil, port: SilentPort())

    private struct SilentPort: CallPort {
        func progress(_ report: ProgressReport) {}
    }

    init() throws {
        folder = TemporaryPath.new("stitcher")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        local = LocalStitcher(
            media: MediaWork(artifacts: Artifacts(environment: [:]), blocking: BlockingPool(threads: 2)),
            price: USD(0.005))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func uri(_ name: String) -> String { "file://\(folder)/\(name)" }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    }

    func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    // MARK: - Backends

    static func settings(_ environment: [String: String] = [:]) throws -> MediaConvertSettings {
        try MediaConvertSettings(
            ServiceSettings(environment: environment.merging(["HOME": "/nonexistent"]) { own, _ in own }))
    }

    var ledger: MediaConvertJobLedger { MediaConvertJobLedger(stateDirectory: path("state")) }

    func jobs(key: String) -> MediaConvertJobs {
        MediaConvertJobs(client: MediaConvertClient(account: account), ledger: ledger, logger: logger, key: key)
    }

    func backends(_ environment: [String: String] = [:]) throws -> StitchBackends {
        let settings = try Self.settings(environment)
        let mediaConvert = MediaConvertStitcher(
            local: local, settings: settings, client: MediaConvertClient(account: account), ledger: ledger,
            roles: MediaConvertRoleResolver(settings: settings, account: account), price: USD(0.01), logger: logger)
        return StitchBackends(local: local, mediaConvert: mediaConvert, settings: settings, logger: logger)
    }

    // MARK: - Media

    /// Makes a clip of a still of one colour, 128x72 at 30 frames per second.
    ///
    /// - Returns: its URI.
    func clip(_ name: String, frames: Int = 15, _ color: UInt32 = 0x3366CC) throws -> String {
        let canvas = try Canvas(width: 128, height: 72)
        canvas.setColor(RGBColor(color))
        canvas.rectangle(0, 0, 128, 72)
        try canvas.writePNG(to: path("\(name).png"))
        let recipe = ClipRecipe(
            image: path("\(name).png"), frames: frames, format: try VideoFormat(width: 128, height: 72))
        _ = try Clip.make(recipe, output: path(name))
        return uri(name)
    }

    /// Two segments of half a second each, as clips of their length.
    func segments() throws -> [StitchClip] {
        [
            StitchClip(clip: try clip("one.mp4"), segmentID: "seg_1", duration: 0.5),
            StitchClip(clip: try clip("two.mp4", 0xCC6633), segmentID: "seg_2", duration: 0.5),
        ]
    }

    /// A request for a film of 128x72.
    func request(_ clips: [StitchClip]) -> StitchFilm {
        var request = StitchFilm(clips: clips, output: uri("film.mp4"))
        (request.width, request.height) = (128, 72)
        return request
    }
}
