// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Blocking
import Faults
import Foundation
import Media
import MediaService
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct MediaWorkTests {
    private let temporary: TemporaryFolder
    private let media: MediaWork
    private var folder: String { temporary.path }

    init() throws {
        temporary = try TemporaryFolder()
        media = MediaWork(artifacts: Artifacts(environment: [:]), blocking: BlockingPool(threads: 2))
    }

    private func uri(_ name: String) -> String { "file://\(folder)/\(name)" }

    private func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }

    private func text(_ name: String) -> String? {
        FileManager.default.contents(atPath: "\(folder)/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    // MARK: - Inputs

    @Test func `an input is resolved to the path of its file, links followed`() async throws {
        try write("clip.mp4", "clip")
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/link.mp4", withDestinationPath: "\(folder)/clip.mp4")
        #expect(try await media.input(uri("clip.mp4"), at: "/clip") == "\(folder)/clip.mp4")
        #expect(try await media.input(uri("link.mp4"), at: "/clip") == "\(folder)/clip.mp4")
    }

    @Test func `a missing input is not found, and absent if it is optional`() async throws {
        let error = await #expect(throws: ServiceError.self) { try await media.input(uri("gone.mp4"), at: "/clip") }
        #expect(error?.kind == .notFound && error?.message.contains("gone.mp4") == true)
        #expect(try await media.inputIfPresent(uri("gone.mp4"), at: "/audio") == nil)
    }

    @Test func `a folder is not an input, and the error has its pointer`() async throws {
        for isOptional in [false, true] {
            let error = await #expect(throws: ServiceError.self) {
                if isOptional {
                    _ = try await media.inputIfPresent("file://\(folder)", at: "/clips/3/audio")
                } else {
                    _ = try await media.input("file://\(folder)", at: "/clips/3/audio")
                }
            }
            #expect(error?.kind == .invalidParams && error?.detail == "/clips/3/audio")
            #expect(error?.message.hasPrefix("/clips/3/audio: ") == true)
        }
    }

    @Test(arguments: ["", "clip.mp4", "http://host/clip.mp4", "file:///tmp/../etc/passwd"])
    func `an invalid URI is rejected at its pointer, as input and as output`(_ uri: String) async throws {
        let input = await #expect(throws: ServiceError.self) { try await media.input(uri, at: "/clip") }
        let output = #expect(throws: ServiceError.self) { try media.target(uri, at: "/output") }
        #expect(input?.kind == .invalidParams && input?.detail == "/clip")
        #expect(output?.kind == .invalidParams && output?.detail == "/output")
    }

    @Test func `artifacts outside the allowed folders are unauthorized`() async throws {
        let artifacts = try Artifacts(
            store: "file://\(folder)/store", environment: ["UNDERSTUDY_ALLOW_PATHS": "\(folder)/allowed"])
        let media = MediaWork(artifacts: artifacts, blocking: self.media.blocking)
        try write("clip.mp4", "clip")
        let input = await #expect(throws: ServiceError.self) { try await media.input(uri("clip.mp4"), at: "/clip") }
        let output = #expect(throws: ServiceError.self) { try media.target(uri("out.mp4"), at: "/output") }
        #expect(input?.kind == .unauthorized && output?.kind == .unauthorized)
        #expect(try media.target(uri("allowed/out.mp4"), at: "/output").name == "out.mp4")
    }

    // MARK: - Outputs

    @Test func `an output path that is a folder is a conflict`() throws {
        let error = #expect(throws: ServiceError.self) { try media.target("file://\(folder)", at: "/output") }
        #expect(error?.kind == .conflict)
    }

    @Test func `an artifact is written under a temporary name, and its size is returned`() async throws {
        try write("out.mp4", "before")
        let output = try media.target(uri("out.mp4"), at: "/output")
        let expected = "\(folder)/out.mp4"
        let (isTemporary, bytes) = try await media.make(output) { path, isCancelled in
            try "a new film".write(toFile: path, atomically: false, encoding: .utf8)
            return path != expected && !isCancelled()
        }
        #expect(isTemporary && bytes == 10)
        #expect(text("out.mp4") == "a new film")
        #expect(try names() == ["out.mp4"])
    }

    @Test func `failed work leaves the previous artifact and no temporary file`() async throws {
        try write("out.mp4", "before")
        let output = try media.target(uri("out.mp4"), at: "/output")
        let error = await #expect(throws: MediaError.self) {
            _ = try await media.make(output) { path, _ -> Int in
                try "half a film".write(toFile: path, atomically: false, encoding: .utf8)
                throw MediaError(.noSpace, "cannot write out.mp4")
            }
        }
        #expect(error == MediaError(.noSpace, "cannot write out.mp4"))
        #expect(text("out.mp4") == "before")
        #expect(try names() == ["out.mp4"])
    }

    @Test func `packets that the output cannot hold are the fault of their source`() async throws {
        let output = try media.target(uri("out.mp4"), at: "/output")
        let error = await #expect(throws: MediaError.self) {
            _ = try await media.make(output, copying: "file:///films/clip.mkv") { path, _ -> Int in
                throw MediaError(.corruptMedia, "cannot write \(URL(filePath: path).lastPathComponent): bad timestamp")
            }
        }
        #expect(
            error?.message
                == "file:///films/clip.mkv has packets or timestamps that an MP4 cannot hold: bad timestamp")
    }

    @Test func `other errors are not attributed to the source`() async throws {
        let output = try media.target(uri("out.mp4"), at: "/output")
        for (kind, message) in [
            (MediaError.Kind.corruptMedia, "voice.mp3 holds no sound"), (.noSpace, "cannot write the file"),
        ] {
            let error = await #expect(throws: MediaError.self) {
                _ = try await media.make(output, copying: "file:///films/clip.mkv") { _, _ -> Int in
                    throw MediaError(kind, message)
                }
            }
            #expect(error == MediaError(kind, message))
        }
    }

    @Test func `cancelling the task stops the work, and no artifact appears`() async throws {
        let output = try media.target(uri("out.mp4"), at: "/output")
        let (starts, started) = AsyncStream.makeStream(of: Void.self)
        let media = media
        let task = Task {
            try await media.make(output) { path, isCancelled in
                try "half a film".write(toFile: path, atomically: false, encoding: .utf8)
                started.yield()
                let end = ContinuousClock.now.advanced(by: .seconds(30))
                while !isCancelled(), ContinuousClock.now < end { Thread.sleep(forTimeInterval: 0.001) }
                return isCancelled()
            }
        }
        for await _ in starts { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(try names() == [])
    }
}

/// A temporary folder that is removed at the end of a test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = TemporaryPath.new("work")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
