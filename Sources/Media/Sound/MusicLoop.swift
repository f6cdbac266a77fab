import Glibc

/// A music file that begins again when it ends, cross-faded over 50 ms, so that it lasts for any film.
struct MusicLoop: ~Copyable {
    /// Samples of the cross-fade at the seam.
    static let seam = AudioEncoder.sampleRate / 20
    /// Samples that a file must hold, 0.1 s: each pass then gets on by more than the seam takes.
    private static let shortest = 2 * seam
    private static let piece = 4800

    private let path: String
    /// `nil` once the file turned bad.
    private var reader: AudioReader?
    /// Decoded ahead; while there is a reader, the last `seam` samples are kept for the next seam.
    private var ready: StereoSamples
    private(set) var warnings: [String]

    /// - Throws: what is wrong with the file; `invalidArgument` where it is shorter than 0.1 s.
    init(_ path: String) throws(MediaError) {
        ready = StereoSamples()
        reader = try Self.open(path, into: &ready)
        self.path = path
        warnings = []
    }

    /// The next samples: fewer, and in the end none, once the file turned bad.
    mutating func read(_ count: Int) throws(MediaError) -> StereoSamples {
        do throws(MediaError) {
            while reader != nil, ready.count < count + Self.seam { try fill() }
        } catch  where error.kind != .cancelled && error.kind != .internal {
            warnings.append("\(error.message); the film goes on without music")
            reader = nil
            ready.fadeOut(Self.seam)
        }
        return ready.takeFirst(count)
    }

    private mutating func fill() throws(MediaError) {
        let piece = try reader!.read(Self.piece)
        if piece.count > 0 { return ready.append(piece) }
        var head = StereoSamples()
        // Opened anew, because not every format can be wound back exactly.
        reader = try Self.open(path, into: &head)
        ready.crossFade(into: head, over: Self.seam)
    }

    /// Opens the file and reads enough of it for a seam.
    private static func open(_ path: String, into head: inout StereoSamples) throws(MediaError) -> AudioReader {
        var opened = try AudioReader.open(path)
        head = try opened.read(shortest)
        guard head.count >= shortest else {
            throw MediaError(.invalidArgument, "\(opened.name) is too short; music lasts at least 0.1 s")
        }
        return opened
    }
}

extension StereoSamples {
    /// Goes over into other samples, which begin before these end; no sound is lost where the two are unlike.
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
