import Foundation
import Media

/// A folder of a test's own, and the judges: ffmpeg and ffprobe.
final class Workbench: Sendable {
    let folder: String

    init() throws {
        folder = "/tmp/us-media-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Runs a program to its end. -> what it printed on both streams.
    @discardableResult
    func run(_ program: String, _ arguments: String...) throws -> String {
        String(decoding: try runBytes(program, arguments), as: UTF8.self)
    }

    func runBytes(_ program: String, _ arguments: [String]) throws -> Data {
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

    /// A picture made by ffmpeg's sources.
    func picture(_ name: String, _ source: String = "testsrc2=s=640x480") throws -> String {
        try run("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-frames:v", "1", name)
        return path(name)
    }

    /// A tone.
    func tone(_ name: String, seconds: Double, rate: Int = 44_100, channels: Int = 1) throws -> String {
        try run(
            "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=f=440:d=\(seconds):r=\(rate)", "-ac",
            "\(channels)",
            "-af", "volume=4", name)
        return path(name)
    }

    /// A stream's entries as ffprobe names them.
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

    /// What ffmpeg complains of while it decodes everything.
    func complaints(_ file: String) throws -> String {
        try run("ffmpeg", "-v", "error", "-i", file, "-f", "null", "-")
    }

    /// A hash of each decoded frame.
    func frameHashes(_ file: String) throws -> [String] {
        let text = try run("ffmpeg", "-v", "error", "-i", file, "-map", "0:v", "-f", "framemd5", "-")
        // Rows of the first stream; now and then ffmpeg says something else too.
        return text.split(separator: "\n").filter { $0.hasPrefix("0,") }.compactMap {
            $0.split(separator: ",").last.map(String.init)
        }
    }

    /// The film's sound, one channel at 48 kHz.
    func sound(_ file: String) throws -> [Float] {
        let data = try runBytes(
            "ffmpeg", ["-v", "error", "-i", file, "-map", "0:a", "-ac", "1", "-ar", "48000", "-f", "f32le", "-"])
        return data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    /// A frame as grey pixels of a small picture.
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

    func moovIsFirst(_ file: String) throws -> Bool {
        let bytes = try Data(contentsOf: URL(filePath: file))
        guard let moov = bytes.firstRange(of: Data("moov".utf8)), let mdat = bytes.firstRange(of: Data("mdat".utf8))
        else {
            return false
        }
        return moov.lowerBound < mdat.lowerBound
    }
}
