// SPDX-License-Identifier: Apache-2.0

import Foundation
import Media
import TestSupport

/// A temporary folder for one test, and the reference tools ffmpeg and ffprobe. The folder is removed at the end.
final class Workbench: Sendable {
    let folder: String

    init() throws {
        folder = TemporaryPath.new("media")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Runs a program in the folder.
    ///
    /// - Returns: its combined standard output and standard error.
    @discardableResult
    func run(_ program: String, _ arguments: String...) throws -> String {
        String(decoding: try runBytes(program, arguments), as: UTF8.self)
    }

    func runBytes(_ program: String, _ arguments: [String]) throws -> Data {
        guard let source = FilterSource(program, arguments) else { return try runProcess(program, arguments) }
        if try source.copy(into: folder) { return Data() }
        let output = try runProcess(program, arguments)
        if output.isEmpty { try source.save(from: folder) }
        return output
    }

    private func runProcess(_ program: String, _ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = URL(filePath: folder)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return data
    }

    /// Makes an image from a filter source of ffmpeg.
    ///
    /// - Returns: its path.
    func picture(_ name: String, _ source: String = "testsrc2=s=640x480") throws -> String {
        try run("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-frames:v", "1", name)
        return path(name)
    }

    /// Makes a file with a tone of 440 Hz.
    ///
    /// - Returns: its path.
    func tone(_ name: String, seconds: Double, rate: Int = 44_100, channels: Int = 1) throws -> String {
        try run(
            "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=f=440:d=\(seconds):r=\(rate)", "-ac",
            "\(channels)",
            "-af", "volume=4", name)
        return path(name)
    }

    /// The entries of a stream by ffprobe's names.
    func entries(_ file: String, stream: String = "v:0") throws -> [String: String] {
        let text = try run(
            "ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", "stream", "-of", "default=nw=1", file)
        var entries: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let pair = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { entries[String(pair[0])] = String(pair[1]) }
        }
        return entries
    }

    /// The errors that ffmpeg reports while it decodes the whole file; empty for a valid file.
    func complaints(_ file: String) throws -> String {
        try run("ffmpeg", "-v", "error", "-i", file, "-f", "null", "-")
    }

    /// A hash of each decoded frame of the video.
    func frameHashes(_ file: String) throws -> [String] {
        let text = try run("ffmpeg", "-v", "error", "-i", file, "-map", "0:v", "-f", "framemd5", "-")
        return Self.hashes(in: text)
    }

    /// The hashes of a list by ffmpeg's muxer framemd5.
    static func hashes(in list: String) -> [String] {
        // Rows of the first stream only: ffmpeg may print other lines too.
        list.split(separator: "\n").filter { $0.hasPrefix("0,") }.compactMap {
            $0.split(separator: ",").last.map(String.init)
        }
    }

    /// The file's sound as one channel at 48 kHz.
    func sound(_ file: String) throws -> [Float] {
        let data = try runBytes(
            "ffmpeg", ["-v", "error", "-i", file, "-map", "0:a", "-ac", "1", "-ar", "48000", "-f", "f32le", "-"])
        return data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    /// The luma of a frame, scaled to 16x16 pixels.
    func grey(_ file: String, frame: Int) throws -> [UInt8] {
        Array(
            try runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-i", file, "-vf", "select=eq(n\\,\(frame)),scale=16:16,format=gray", "-frames:v",
                    "1",
                    "-f", "rawvideo", "-",
                ]))
    }

    /// Whether the index (`moov`) precedes the media data (`mdat`).
    func moovIsFirst(_ file: String) throws -> Bool {
        let bytes = try Data(contentsOf: URL(filePath: file))
        guard let moov = bytes.firstRange(of: Data("moov".utf8)), let mdat = bytes.firstRange(of: Data("mdat".utf8))
        else {
            return false
        }
        return moov.lowerBound < mdat.lowerBound
    }
}
