// SPDX-License-Identifier: Apache-2.0

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

    /// Makes a file with ffmpeg; its name becomes the last argument.
    ///
    /// - Returns: its path.
    /// - Throws: `internal` with ffmpeg's errors.
    @discardableResult
    func make(_ name: String, _ arguments: String...) throws -> String {
        let output = String(
            decoding: try runBytes("ffmpeg", ["-v", "error", "-y"] + arguments + [name]), as: UTF8.self)
        guard output.isEmpty else { throw MediaError(.internal, "ffmpeg cannot make \(name): \(output)") }
        return path(name)
    }

    /// Makes an image of one colour.
    ///
    /// - Returns: its path.
    func flat(_ name: String, _ color: String, size: String = "320x180") throws -> String {
        // The colour source does not support odd sizes.
        try make(
            name, "-f", "lavfi", "-i", "color=\(color):s=64x64,format=rgb24,scale=\(size)", "-frames:v", "1", "-update",
            "1")
    }

    /// Makes a loud tone after `silence` seconds of silence.
    ///
    /// - Returns: its path.
    func burst(
        _ name: String, after silence: Double = 0, seconds: Double, rate: Int = 44_100, layout: String = "stereo"
    ) throws -> String {
        let channels = layout == "mono" ? 1 : layout == "5.1" ? 6 : 2
        let wave = "if(gte(t,\(silence)),0.7*sin(2*PI*1000*t),0)"
        let expression = Array(repeating: wave, count: channels).joined(separator: "|")
        return try make(
            name, "-f", "lavfi", "-i", "aevalsrc='\(expression)':d=\(seconds):s=\(rate):c=\(layout)")
    }

    /// Makes a clip of a still, 320x180.
    ///
    /// - Returns: its path.
    func clip(_ name: String, frames: Int, of picture: String, keyFramesAt keys: [Int] = []) throws -> String {
        _ = try StillClip.make(
            image: picture, frames: frames, output: path(name), format: try small(), keyFramesAt: keys)
        return path(name)
    }

    /// The luma of the centre of each frame.
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

/// 320x180 at 30 frames per second, for fast tests.
func small() throws -> VideoFormat { try VideoFormat(width: 320, height: 180) }

/// The kind and the message of the `MediaError` that `body` throws; `nil` if it throws none.
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
    /// The index of the first loud sample at or after `start`.
    func onset(from start: Int) -> Int? {
        self[Swift.max(start, 0)...].firstIndex { abs($0) > 0.15 }
    }

    /// Whether all samples of a range are silent.
    func isSilent(_ range: Range<Int>) -> Bool { self[range].allSatisfy { abs($0) < 0.02 } }
}

extension StillClip {
    /// Makes a clip of a still without motion.
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
    /// Makes a film without music, captions or loudness normalisation.
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

/// A thread-safe counter.
final class Counter: Sendable {
    private let value = Atomic(0)

    /// - Returns: the value after the increment.
    @discardableResult
    func increase() -> Int { value.add(1, ordering: .relaxed).newValue }
}
