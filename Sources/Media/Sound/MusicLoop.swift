// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Repeats a music file for as long as needed, with cross-fades of 50 ms.
struct MusicLoop: ~Copyable {
    /// Samples of the cross-fade at the seam.
    static let seam = AudioEncoder.sampleRate / 20
    /// Minimum samples of a file, 0.1 s, so that each pass is longer than the seam.
    private static let minimumLength = 2 * seam
    private static let piece = 4800

    private let path: String
    /// `nil` after a read error.
    private var reader: AudioReader?
    /// Decoded ahead. While there is a reader, the last `seam` samples are retained for the next seam.
    private var ready: StereoSamples
    private(set) var warnings: [String]

    /// - Throws: `MediaError` if the file cannot be read; `invalidArgument` if it is shorter than 0.1 s.
    init(_ path: String) throws(MediaError) {
        ready = StereoSamples()
        reader = try Self.open(path, into: &ready)
        self.path = path
        warnings = []
    }

    /// The next samples. After a read error fewer, and finally none.
    mutating func read(_ count: Int) throws(MediaError) -> StereoSamples {
        do throws(MediaError) {
            while reader != nil, ready.count < count + Self.seam { try fill() }
        } catch  where error.kind != .cancelled && error.kind != .internal {
            warnings.append("\(error.message); the rest of the film has no music")
            reader = nil
            ready.fadeOut(Self.seam)
        }
        return ready.takeFirst(count)
    }

    private mutating func fill() throws(MediaError) {
        let piece = try reader!.read(Self.piece)
        if piece.count > 0 { return ready.append(piece) }
        var head = StereoSamples()
        // Opened again, because not every format can seek to its exact start.
        reader = try Self.open(path, into: &head)
        ready.crossFade(into: head, over: Self.seam)
    }

    /// Opens a file and reads enough samples for a seam.
    private static func open(_ path: String, into head: inout StereoSamples) throws(MediaError) -> AudioReader {
        var opened = try AudioReader.open(path)
        head = try opened.read(minimumLength)
        guard head.count >= minimumLength else {
            throw MediaError(.invalidArgument, "\(opened.name) is too short; music lasts at least 0.1 s")
        }
        return opened
    }
}

extension StereoSamples {
    /// Cross-fades into other samples, which start before these end, at constant power.
    fileprivate mutating func crossFade(into other: consuming StereoSamples, over length: Int) {
        let length = min(length, count, other.count)
        let start = count - length
        let head = other.takeFirst(length)
        withMutableChannels { left, right in
            head.withChannels { nextLeft, nextRight in
                for index in 0..<length {
                    let angle = (Float(index) + 0.5) / Float(length) * .pi / 2
                    let (old, new) = (cos(angle), sin(angle))
                    left[start + index] = left[start + index] * old + nextLeft[index] * new
                    right[start + index] = right[start + index] * old + nextRight[index] * new
                }
            }
        }
        append(other)
    }
}
