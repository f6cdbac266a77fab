import Foundation

@testable import Media

/// A folder of odd media, made once by a script for all tests, and gone when the tests end.
enum Corpus {
    /// - Throws: what the script complained of.
    static func file(_ name: String) throws -> String { try folder.get() + "/" + name }

    private static let path = "/tmp/us-corpus-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"

    private static let folder: Result<String, any Error> = Result {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: Corpus.path) }
        guard let script = Bundle.module.url(forResource: "make-corpus", withExtension: "py", subdirectory: "Corpus")
        else { throw MediaError(.internal, "make-corpus.py is not among the tests' resources") }
        // Debian's own, which has PIL.
        let words = try Workbench().run("/usr/bin/python3", script.path(percentEncoded: false), path)
        guard words.isEmpty else { throw MediaError(.internal, words) }
        return path
    }
}

/// A picture as ffmpeg shows it, brought to 320x180.
struct SeenPicture {
    /// Of every picture of the corpus that has four quadrants, from the top left, row by row.
    static let red = [200, 30, 30]
    static let green = [30, 180, 30]
    static let blue = [30, 30, 200]
    static let white = [240, 240, 240]
    static let black = [0, 0, 0]
    static let quadrants = [red, green, blue, white]

    private let pixels: [UInt8]

    init(_ pixels: some Sequence<UInt8>) { self.pixels = Array(pixels) }

    /// - Parameters:
    ///   - x: share of the width.
    ///   - y: share of the height.
    /// - Returns: red, green, blue, the mean of 4x4 pixels around the place; empty where there is no picture.
    func color(_ x: Double, _ y: Double) -> [Int] {
        guard pixels.count == 320 * 180 * 3 else { return [] }
        let (left, top) = (min(max(Int(x * 320) - 2, 0), 316), min(max(Int(y * 180) - 2, 0), 176))
        return (0..<3).map { channel in
            let sum = (0..<16).reduce(0) { $0 + Int(pixels[((top + $1 / 4) * 320 + left + $1 % 4) * 3 + channel]) }
            return (sum + 8) / 16
        }
    }

    /// The colours of the four quadrants' middles.
    var quadrants: [[Int]] { [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)].map(color) }
}

extension Workbench {
    func see(_ file: String, frame: Int = 0) throws -> SeenPicture {
        SeenPicture(
            try runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-i", file, "-vf", "select=eq(n\\,\(frame)),scale=320:180:flags=area,format=rgb24",
                    "-frames:v", "1", "-f", "rawvideo", "-",
                ]))
    }
}

extension [Int] {
    /// Whether two colours look alike.
    func isNear(_ other: [Int], within tolerance: Int = 16) -> Bool {
        count == other.count && zip(self, other).allSatisfy { abs($0 - $1) <= tolerance }
    }
}

extension [[Int]] {
    func isNear(_ other: [[Int]], within tolerance: Int = 16) -> Bool {
        count == other.count && zip(self, other).allSatisfy { $0.isNear($1, within: tolerance) }
    }
}
