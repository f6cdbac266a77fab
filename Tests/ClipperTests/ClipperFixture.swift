// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Blocking
import Calls
import Contracts
import Drawing
import Foundation
import JSONRPC
import MediaService
import TestSupport

@testable import Clipper

/// A temporary folder, and the methods of the clipper running in this process. The folder is removed at the end of a test.
final class ClipperFixture: Sendable {
    let folder: String
    let media: MediaWork
    let methods: ClipperMethods
    let call = Call(
        id: .number("1"), method: "clipper.test", peer: Peer(pid: 0, uid: 0, gid: 0), deadline: nil,
        wantsProgress: true, params: nil, port: SilentPort())

    private struct SilentPort: CallPort {
        func progress(_ report: ProgressReport) {}
    }

    init() throws {
        folder = TemporaryPath.new("clipper")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        media = MediaWork(artifacts: Artifacts(environment: [:]), blocking: BlockingPool(threads: 2))
        methods = ClipperMethods(media: media, price: USD(0.002))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func uri(_ name: String) -> String { "file://\(folder)/\(name)" }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    }

    /// Draws a still.
    ///
    /// - Returns: its URI.
    func still(_ name: String = "still.png") throws -> String {
        let canvas = try Canvas(width: 160, height: 90)
        canvas.gradient(top: 0, bottom: 90, [(0, RGBColor(0x1B4965), 1), (1, RGBColor(0xF6C79A), 1)])
        canvas.setColor(RGBColor(0xFFFFFF))
        canvas.circle(60, 40, 20)
        try canvas.writePNG(to: path(name))
        return uri(name)
    }

    /// Writes a WAV file of 48 kHz mono with a tone of 440 Hz.
    ///
    /// - Returns: its URI.
    func tone(_ name: String = "tone.wav", seconds: Double) throws -> String {
        let count = Int((seconds * 48_000).rounded())
        var data = Data()
        func append(_ number: Int, bytes: Int) {
            for byte in 0..<bytes { data.append(UInt8(truncatingIfNeeded: number >> (8 * byte))) }
        }
        data.append(contentsOf: "RIFF".utf8)
        append(36 + 2 * count, bytes: 4)
        data.append(contentsOf: "WAVEfmt ".utf8)
        for (number, bytes) in [(16, 4), (1, 2), (1, 2), (48_000, 4), (96_000, 4), (2, 2), (16, 2)] {
            append(number, bytes: bytes)
        }
        data.append(contentsOf: "data".utf8)
        append(2 * count, bytes: 4)
        for index in 0..<count { append(Int(12_000 * sin(2 * .pi * 440 * Double(index) / 48_000)), bytes: 2) }
        try data.write(to: URL(filePath: path(name)))
        return uri(name)
    }

    /// A request for a clip of a still, 128x72 at 30 frames per second.
    func clipRequest(_ name: String = "clip.mp4", seconds: Double = 1) throws -> CreateClip {
        var request = CreateClip(image: try still(), duration: seconds, output: uri(name))
        (request.width, request.height) = (128, 72)
        return request
    }

    /// Makes a silent clip of a still.
    ///
    /// - Returns: its URI.
    func clip(_ name: String = "clip.mp4", seconds: Double = 1) async throws -> String {
        try await methods.create(try clipRequest(name, seconds: seconds), call).clip
    }

    /// Probes a file, decoding all of it.
    func probe(_ uri: String) async throws -> ProbedMedia {
        try await ProbeMethod(media: media).probe(ProbeMedia(media: uri, decode: true), call)
    }
}
