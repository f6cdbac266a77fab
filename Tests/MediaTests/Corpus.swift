// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

@testable import Media

/// A folder of unusual and invalid media, made by a script once per test run and removed when the process exits.
enum Corpus {
    /// The path of a file of the corpus.
    ///
    /// - Throws: the output of the script if it failed.
    static func file(_ name: String) throws -> String { try folder.get() + "/" + name }

    private static let path = TemporaryPath.new("corpus")

    private static let folder: Result<String, any Error> = Result {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: Corpus.path) }
        guard let script = Bundle.module.url(forResource: "make-corpus", withExtension: "py", subdirectory: "Corpus")
        else { throw MediaError(.internal, "make-corpus.py is not among the tests' resources") }
        // Debian's own Python, which has PIL.
        let output = try Workbench().run("/usr/bin/python3", script.path(percentEncoded: false), path)
        guard output.isEmpty else { throw MediaError(.internal, output) }
        return path
    }
}

/// A frame as decoded by ffmpeg, scaled to 320x180.
struct DecodedFrame {
    /// The colours of the quadrants of the corpus' test image, row by row from the top left.
    static let red = [200, 30, 30]
    static let green = [30, 180, 30]
    static let blue = [30, 30, 200]
    static let white = [240, 240, 240]
    static let black = [0, 0, 0]
    static let quadrants = [red, green, blue, white]

    private let pixels: [UInt8]

    init(_ pixels: some Sequence<UInt8>) { self.pixels = Array(pixels) }

    /// - Parameters:
    ///   - x: the position as a fraction of the width.
    ///   - y: the position as a fraction of the height.
    /// - Returns: red, green and blue, the mean of 4x4 pixels around the position; empty if the frame could not be decoded.
    func color(_ x: Double, _ y: Double) -> [Int] {
        guard pixels.count == 320 * 180 * 3 else { return [] }
        let (left, top) = (min(max(Int(x * 320) - 2, 0), 316), min(max(Int(y * 180) - 2, 0), 176))
        return (0..<3).map { channel in
            let sum = (0..<16).reduce(0) { $0 + Int(pixels[((top + $1 / 4) * 320 + left + $1 % 4) * 3 + channel]) }
            return (sum + 8) / 16
        }
    }

    /// The colours at the centres of the four quadrants.
    var quadrants: [[Int]] { [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)].map(color) }
}

extension Workbench {
    /// Decodes one frame with ffmpeg.
    func decodedFrame(_ file: String, at frame: Int = 0) throws -> DecodedFrame {
        DecodedFrame(try runBytes("ffmpeg", ["-v", "error", "-i", file] + Self.frameOutput(frame)))
    }

    /// Decodes a whole file and one of its frames with ffmpeg, in one process.
    ///
    /// - Returns: the frame, empty if ffmpeg reports an error, and a hash of each frame.
    func decodedFrame(andHashesOf file: String, at frame: Int) throws -> (frame: DecodedFrame, hashes: [String]) {
        let list = ["-map", "0:v", "-f", "framemd5", "hashes"]
        let frame = DecodedFrame(
            try runBytes("ffmpeg", ["-v", "error", "-y", "-i", file] + list + Self.frameOutput(frame)))
        return (frame, Self.hashes(in: try String(contentsOfFile: path("hashes"), encoding: .utf8)))
    }

    private static func frameOutput(_ frame: Int) -> [String] {
        [
            "-map", "0:v", "-vf", "select=eq(n\\,\(frame)),scale=320:180:flags=area,format=rgb24", "-frames:v", "1",
            "-f",
            "rawvideo", "-",
        ]
    }
}

extension [Int] {
    /// Whether two colours differ by at most `tolerance` in each component.
    func isNear(_ other: [Int], within tolerance: Int = 16) -> Bool {
        count == other.count && zip(self, other).allSatisfy { abs($0 - $1) <= tolerance }
    }
}

extension [[Int]] {
    func isNear(_ other: [[Int]], within tolerance: Int = 16) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.isNear($1, within: tolerance) }
    }
}
