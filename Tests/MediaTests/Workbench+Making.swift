import Foundation
import Synchronization

@testable import Media

extension Workbench {
    @discardableResult
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        try Data(bytes).write(to: URL(filePath: path(name)))
        return path(name)
    }

    func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path(name)))) }

    /// Makes a file with ffmpeg; its name is the last argument. -> its path.
    @discardableResult
    func make(_ name: String, _ arguments: String...) throws -> String {
        let words = String(
            decoding: try runBytes("ffmpeg", ["-v", "error", "-y"] + arguments + [name]), as: UTF8.self)
        guard words.isEmpty else { throw MediaError(.internal, "ffmpeg cannot make \(name): \(words)") }
        return path(name)
    }

    /// A picture of one colour. -> its path.
    func flat(_ name: String, _ color: String, size: String = "320x180") throws -> String {
        // The colour source makes no odd sizes.
        try make(
            name, "-f", "lavfi", "-i", "color=\(color):s=64x64,format=rgb24,scale=\(size)", "-frames:v", "1", "-update",
            "1")
    }

    /// A loud tone that begins after some silence. -> its path.
    func burst(
        _ name: String, after silence: Double = 0, seconds: Double, rate: Int = 44_100, layout: String = "stereo"
    ) throws -> String {
        let channels = layout == "mono" ? 1 : layout == "5.1" ? 6 : 2
        let wave = "if(gte(t,\(silence)),0.7*sin(2*PI*1000*t),0)"
        let expression = Array(repeating: wave, count: channels).joined(separator: "|")
        return try make(
            name, "-f", "lavfi", "-i", "aevalsrc='\(expression)':d=\(seconds):s=\(rate):c=\(layout)")
    }

    /// A still clip of 320x180. -> its path.
    func clip(_ name: String, frames: Int, of picture: String, keyFramesAt keys: [Int] = []) throws -> String {
        _ = try StillClip.make(
            image: picture, frames: frames, output: path(name), format: try small(), keyFramesAt: keys)
        return path(name)
    }

    /// The luma of the picture's middle, for each picture.
    func luma(_ name: String) throws -> [Int] {
        let pixels = try runBytes(
            "ffmpeg",
            [
                "-v", "error", "-i", name, "-map", "0:v:0", "-vf", "crop=2:2,extractplanes=y", "-f", "rawvideo",
                "-pix_fmt", "gray", "-",
            ])
        return stride(from: 0, to: pixels.count, by: 4).map { Int(pixels[$0]) }
    }
}

/// 320x180 at 30 frames a second: small enough for many tests.
func small() throws -> VideoFormat { try VideoFormat(width: 320, height: 180) }

/// The kind and the message of the error that is thrown.
func fault(_ body: () throws -> Void) -> (kind: MediaError.Kind, message: String)? {
    do {
        try body()
        return nil
    } catch let error as MediaError {
        return (error.kind, error.message)
    } catch {
        return nil
    }
}

extension [Float] {
    /// The first sample, from one on, that is loud.
    func onset(from start: Int) -> Int? {
        self[Swift.max(start, 0)...].firstIndex { abs($0) > 0.15 }
    }

    /// Whether a stretch is silent.
    func isSilent(_ range: Range<Int>) -> Bool { self[range].allSatisfy { abs($0) < 0.02 } }
}

extension StillClip {
    /// A clip of a picture that stands still.
    @discardableResult
    static func make(
        image: String, frames: Int, output: String, format: VideoFormat, keyFramesAt: [Int] = [],
        cancelled: @escaping () -> Bool = { false }, progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> ClipReport {
        try Clip.make(
            ClipRecipe(image: image, frames: frames, format: format, keyFramesAt: keyFramesAt), output: output,
            cancelled: cancelled, progress: progress)
    }
}

extension Film {
    /// A film without extras.
    @discardableResult
    static func stitch(
        parts: [FilmPart], output: String, format: VideoFormat, fadeFrames: Int = 0,
        cancelled: @escaping @Sendable () -> Bool = { false }, progress: (Double) -> Void = { _ in }
    ) throws(MediaError) -> FilmReport {
        var recipe = FilmRecipe(parts: parts, format: format)
        recipe.fadeFrames = fadeFrames
        return try stitch(recipe, output: output, cancelled: cancelled, progress: progress)
    }
}

/// Counts on any thread.
final class Counter: Sendable {
    private let value = Atomic(0)

    /// -> the number after.
    @discardableResult
    func increase() -> Int { value.add(1, ordering: .relaxed).newValue }
}
