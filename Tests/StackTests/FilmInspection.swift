// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Inspects media files with ffprobe and ffmpeg.
enum FilmInspection {
    /// What ffprobe prints of the streams and the duration, as `name=value` pairs.
    static func probe(_ file: String) async throws -> String {
        try await Program.run(
            "/usr/bin/ffprobe", ["-v", "error", "-show_entries", "stream:format=duration", "-of", "compact", file]
        ).output
    }

    /// The errors that ffmpeg reports while it decodes the whole file; empty for a valid file.
    static func decodingErrors(_ file: String) async throws -> String {
        let result = try await Program.run("/usr/bin/ffmpeg", ["-v", "error", "-i", file, "-f", "null", "-"])
        return result.output + result.errors
    }

    /// Searches the first loud sample, from 50 ms before a time on.
    ///
    /// - Parameter seconds: The time of the film at which sound is expected.
    /// - Returns: Seconds from that time to the sample; `nil` if the rest of the film is silent.
    static func onset(_ file: String, at seconds: Double) async throws -> Double? {
        let raw = "\(file).\(UInt32.random(in: 0...UInt32.max)).f32"
        defer { try? FileManager.default.removeItem(atPath: raw) }
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            ["-v", "error", "-y", "-i", file, "-map", "0:a", "-ac", "1", "-ar", "48000", "-f", "f32le", raw])
        let sound = try Data(contentsOf: URL(filePath: raw)).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let start = Int(seconds * 48_000)
        return sound[max(start - 2400, 0)...].firstIndex { abs($0) > 0.02 }.map { Double($0 - start) / 48_000 }
    }
}
